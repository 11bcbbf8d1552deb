import { Button } from '@mantine/core'
import { useEffect, useRef, type ReactNode } from 'react'
import { useSay } from '../../locales/useSay'
import type { Link } from '../../api/stream'
import type { Me, Snapshot } from '../../api/types'
import { restFocus } from '../../shared/focus'
import { IconPhone } from '../../shared/icons'
import { Caps } from '../../shared/keys/Caps'
import { spoken } from '../../shared/keys/table'
import { useKey } from '../../shared/keys/useKey'
import type { ScreenState } from '../../shared/states'
import { useSlow } from '../../shared/useSlow'
import { lineless } from '../status/line'
import { useWish } from '../status/commands'
import { CallBar } from './CallBar'
import { IdlePanels } from './IdlePanels'

interface Props {
  me: Me
  desk: Snapshot
  state: ScreenState
  link: Link
  banners: ReactNode
  /** A call has gone: the call bar takes the focus that went with it. */
  focused: boolean
}

/** Nobody on the line: what comes next, or what keeps it from coming. */
export function Idle({ me, desk, state, link, banners, focused }: Props) {
  const bar = useRef<HTMLElement>(null)
  useEffect(() => {
    if (focused) restFocus(bar.current)
  }, [focused])
  const { title, detail } = useWords(me, desk, state)
  return (
    <>
      <CallBar ref={bar} title={title} detail={detail}>
        {(state === 'offline' || state === 'notready') && <GoReady me={me} offline={state === 'offline'} />}
      </CallBar>
      {banners}
      <IdlePanels me={me} desk={desk} link={link} />
    </>
  )
}

function useWords(me: Me, desk: Snapshot, state: ScreenState): { title: string; detail: string } {
  const { t, why } = useSay()
  const extension = me.extension ?? ''
  const forecast = (count: number) => (count === 0 ? t('calls.ready.none') : t('calls.ready.dialing', { count }))
  const dialing = desk.campaigns.filter(campaign => campaign.state === 'running').length
  const reason = why(desk.operator.reason)
  if (state === 'offline') {
    const body = t(me.extension === null ? 'calls.offline.noExtension' : 'calls.offline.body', { extension })
    return { title: t('calls.offline.title'), detail: reason === '' ? body : `${reason} ${body}` }
  }
  if (state === 'ringing') return { title: t('calls.phone.title'), detail: t('calls.phone.body', { extension }) }
  if (state === 'notready')
    return { title: t('calls.notready.title'), detail: `${reason} ${t('calls.notready.body')}`.trim() }
  if (state === 'reserved') return { title: t('calls.reserved.title'), detail: t('calls.reserved.body') }
  const detail = lineless(desk) ? t('calls.ready.noLine') : forecast(dialing)
  return { title: t('calls.ready.title'), detail }
}

/** The large way back to work. Locked only without a phone, and the bar says why. */
function GoReady({ me, offline }: { me: Me; offline: boolean }) {
  const { t } = useSay()
  const wish = useWish()
  const slow = useSlow(wish.isPending)
  const locked = me.extension === null
  const go = () => wish.mutate({ state: 'ready' })
  useKey('afterThis', go, !wish.isPending && !locked)
  return (
    <Button
      className="go"
      size="xl"
      color="green"
      disabled={locked}
      loading={slow}
      aria-keyshortcuts={spoken('afterThis')}
      leftSection={<IconPhone size={20} stroke={2} />}
      rightSection={
        <span className="on-fill">
          <Caps of="afterThis" />
        </span>
      }
      onClick={go}
    >
      {t(offline ? 'status.start' : 'status.becomeReady')}
    </Button>
  )
}
