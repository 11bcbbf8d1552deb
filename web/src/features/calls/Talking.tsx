import { useEffect, useRef, type ReactNode } from 'react'
import { useSay } from '../../locales/useSay'
import type { Pop, Snapshot } from '../../api/types'
import { CallKey } from '../../shared/CallKey'
import { restFocus } from '../../shared/focus'
import { IconClock, IconPhoneIn, IconPhoneOff } from '../../shared/icons'
import { useKey } from '../../shared/keys/useKey'
import { Temperature } from '../../shared/Temperature'
import { span, timeIn } from '../../shared/time'
import { useNow } from '../../shared/useNow'
import { useHangUp } from '../status/commands'
import { CallBar } from './CallBar'
import { Customer } from './Customer'
import type { Draft } from './draft'
import { NotePanel } from './NotePanel'
import { Script } from './Script'

interface Props {
  pop: Pop
  desk: Snapshot
  draft: Draft
  banners: ReactNode
  onDraft: (change: Partial<Draft>) => void
  onWriting: (writing: boolean) => void
}

/** A customer on the line: who and why on the left, what to say in the middle, what to write on the right. */
export function Talking({ pop, desk, draft, banners, onDraft, onWriting }: Props) {
  const { t } = useSay()
  const hangUp = useHangUp(pop.call)
  useKey('end', () => hangUp.mutate(), !hangUp.isPending)
  useAskBeforeLeaving()
  const bar = useRef<HTMLElement>(null)
  useEffect(() => restFocus(bar.current), [])
  return (
    <>
      <CallBar ref={bar} title={pop.person.name ?? t('calls.unknown')} detail={<About pop={pop} />}>
        <TalkTime since={pop.connected_at ?? desk.operator.since} />
        <div className="keysbar" role="toolbar" aria-label={t('calls.bar')}>
          <CallKey
            name="end"
            label={t('calls.end')}
            icon={<IconPhoneOff size={20} stroke={1.75} aria-hidden="true" />}
            pending={hangUp.isPending}
            danger
            onPress={() => hangUp.mutate()}
          />
        </div>
      </CallBar>
      {banners}
      <div className="cols">
        <Customer pop={pop} />
        <Script pop={pop} />
        <NotePanel draft={draft} onChange={onDraft} onWriting={onWriting} />
      </div>
    </>
  )
}

/** Temperature or "incoming", campaign, masked number, the customer's own time. */
export function About({ pop }: { pop: Pop }) {
  const { t, locale } = useSay()
  const now = useNow()
  const there = timeIn(pop.person.local_time_zone, now, locale)
  return (
    <>
      {pop.direction === 'in' && (
        <span className="tag violet">
          <IconPhoneIn size={14} stroke={2} aria-hidden="true" />
          {t('calls.incoming')}
        </span>
      )}
      {pop.campaign !== null && <Temperature of={pop.campaign.temperature} />}
      <span className="cut">{pop.campaign?.name ?? pop.project.name}</span>
      <span className="dot" />
      <span className="num nw">{pop.person.number_masked ?? t('calls.hiddenNumber')}</span>
      {there !== null && (
        <>
          <span className="dot" />
          <IconClock size={15} stroke={1.75} aria-hidden="true" />
          <span className="num nw">{t('calls.there', { time: there })}</span>
        </>
      )}
    </>
  )
}

function TalkTime({ since }: { since: string | null }) {
  const { t } = useSay()
  const now = useNow()
  return (
    <div className="r">
      <div className="bigtime num" role="timer" aria-label={t('calls.talk')}>
        {since === null ? '' : span((now - Date.parse(since)) / 1000)}
      </div>
      <div className="xs mut">{t('calls.talk')}</div>
    </div>
  )
}

/** The call would live on, but an operator who closes the page by mistake is asked first. */
function useAskBeforeLeaving(): void {
  useEffect(() => {
    const ask = (event: BeforeUnloadEvent) => event.preventDefault()
    window.addEventListener('beforeunload', ask)
    return () => window.removeEventListener('beforeunload', ask)
  }, [])
}
