import { useSay } from '../../locales/useSay'
import type { Link } from '../../api/stream'
import type { Me, Snapshot } from '../../api/types'
import { IconKeyboard, IconPlug, IconPlugOff, IconSignOut } from '../../shared/icons'
import { Caps } from '../../shared/keys/Caps'
import { spoken } from '../../shared/keys/table'
import { Menu, MenuItem } from '../../shared/Menu'
import { StateBox } from '../../shared/StateBox'
import { StateEdge } from '../../shared/StateEdge'
import { LanguageSwitch, SchemeSwitch } from '../../shared/Switches'
import { span } from '../../shared/time'
import { useNow } from '../../shared/useNow'
import { AfterThis } from './AfterThis'
import { LineState } from './LineState'
import type { Screen } from './screen'
import { StateMenu } from './StateMenu'

interface Props {
  me: Me
  desk: Snapshot
  screen: Screen
  link: Link
  onKeys: () => void
  onSignOut: () => void
}

/** The top of the desk, the same in every state. */
export function StatusBar({ me, desk, screen, link, onKeys, onSignOut }: Props) {
  const { t } = useSay()
  return (
    <header className="status ink" data-region="status" tabIndex={-1} aria-label={t('status.bar')}>
      <Box me={me} desk={desk} screen={screen} />
      <AfterThis desk={desk} state={screen.state} />
      <span className="grow" />
      <LineState trunks={desk.trunks} />
      <LinkState link={link} />
      <span className="vsep" />
      <button type="button" className="switch" aria-keyshortcuts={spoken('showKeys')} onClick={onKeys}>
        <IconKeyboard size={17} stroke={1.75} aria-hidden="true" />
        <span>{t('status.keys')}</span>
        <Caps of="showKeys" />
      </button>
      <LanguageSwitch />
      <SchemeSwitch short />
      <WallClock />
      <Account me={me} busy={desk.call !== null} onSignOut={onSignOut} />
      <Edge desk={desk} screen={screen} />
    </header>
  )
}

function Box({ me, desk, screen }: Pick<Props, 'me' | 'desk' | 'screen'>) {
  const { t, why } = useSay()
  const now = useNow()
  const since = screen.state === 'talking' ? (desk.call?.connected_at ?? desk.operator.since) : desk.operator.since
  const extension = me.extension === null ? t('status.noExtension') : t('status.extension', { extension: me.extension })
  const who = desk.call === null ? null : (desk.call.person.name ?? t('calls.unknown'))
  const usual = who ?? (why(desk.operator.reason).replace(/\.$/, '') || extension)
  const lagged = screen.shown === 'lagged'
  return (
    <StateBox
      state={screen.shown}
      word={t(`state.${screen.shown}`)}
      detail={lagged ? t(`state.${screen.state}`) : usual}
      timer={since === null ? '' : span((now - Date.parse(since)) / 1000)}
    >
      {screen.state === 'talking' || lagged ? undefined : <StateMenu state={screen.state} />}
    </StateBox>
  )
}

/** In wrap-up the stripe empties with the time that is left. */
function Edge({ desk, screen }: { desk: Snapshot; screen: Screen }) {
  const now = useNow()
  const { since, until } = desk.operator
  const left = since === null || until === null ? undefined : share(Date.parse(since), now, Date.parse(until))
  return <StateEdge state={screen.shown} left={screen.shown === 'wrapup' ? left : undefined} />
}

const share = (since: number, now: number, until: number): number =>
  Math.min(1, Math.max(0, (until - now) / Math.max(1, until - since)))

function LinkState({ link }: { link: Link }) {
  const { t } = useSay()
  const word = link === 'idle' || link === 'ended' ? 'opening' : link
  const Icon = link === 'live' ? IconPlug : IconPlugOff
  return (
    <span className={`stat ${link === 'live' ? 'good' : 'poor'}`} role="status">
      <Icon size={17} stroke={1.75} aria-hidden="true" />
      {t(`status.link.${word}`)}
    </span>
  )
}

function WallClock() {
  const { locale } = useSay()
  const now = useNow()
  const time = new Intl.DateTimeFormat(locale, { hour: '2-digit', minute: '2-digit', hour12: false }).format(now)
  return <time className="stat clock num">{time}</time>
}

const initials = (name: string): string =>
  name
    .split(/\s+/)
    .slice(0, 2)
    .map(word => word.charAt(0))
    .join('')

function Account({ me, busy, onSignOut }: { me: Me; busy: boolean; onSignOut: () => void }) {
  const { t } = useSay()
  const label = t('status.person', { name: me.name })
  const avatar = (
    <>
      <span className="av" aria-hidden="true">
        {initials(me.name)}
      </span>
      <span className="unseen">{label}</span>
    </>
  )
  return (
    <Menu className="account" side="right" label={label} button={avatar}>
      <p className="menu-title" role="none">
        {me.name} · {me.login}
      </p>
      <MenuItem
        icon={<IconSignOut size={16} stroke={1.75} aria-hidden="true" />}
        locked={busy}
        {...(busy && { note: t('status.signOutLocked') })}
        onChoose={onSignOut}
      >
        {t('status.signOut')}
      </MenuItem>
    </Menu>
  )
}
