import { Button } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useState, type ReactNode } from 'react'
import { useSay } from '../../locales/useSay'
import { api, body } from '../../api/client'
import { asProblem } from '../../api/problem'
import type { Pop, Snapshot, WrapUp as Waiting } from '../../api/types'
import { IconLock, IconPhoneOff } from '../../shared/icons'
import { Caps } from '../../shared/keys/Caps'
import { spoken } from '../../shared/keys/table'
import { useKey } from '../../shared/keys/useKey'
import { span } from '../../shared/time'
import { useNow } from '../../shared/useNow'
import { useSlow } from '../../shared/useSlow'
import { CallBar } from './CallBar'
import type { Draft } from './draft'
import { missing, resultOf } from './result'
import { useDispose } from './useDispose'
import { WrapUpPanels } from './WrapUpPanels'

interface Props {
  pop: Pop
  desk: Snapshot
  draft: Draft
  /** The operator was writing the note as the call ended: the focus stays there. */
  writing: boolean
  banners: ReactNode
  /** Wrap-up is long over: there is no time to show, but a way back and a way to give up. */
  late?: { onClose: () => void; onDiscard: () => void }
  onDraft: (change: Partial<Draft>) => void
  onSaved?: () => void
}

/** The call is over: result, then its reason, then what comes after. */
export function WrapUp({ pop, desk, draft, writing, banners, late, onDraft, onSaved }: Props) {
  const { t } = useSay()
  const now = useNow()
  const zone = pop.person.local_time_zone
  const lacks = missing(draft, pop.dispositions, zone, now)
  const [asked, setAsked] = useState(false)
  const dispose = useDispose(pop.call, onSaved)
  const save = () => {
    const result = lacks === null ? resultOf(draft, pop.dispositions, zone) : null
    if (result === null) {
      setAsked(true)
      showGap(lacks)
    } else if (!dispose.isPending) dispose.mutate(result)
  }
  useKey('save', save)
  const ended = useEnded(pop.call, late === undefined ? desk.wrap_up : null)
  return (
    <>
      <CallBar title={pop.person.name ?? t('calls.unknown')} detail={<About pop={pop} ended={ended} />}>
        {late === undefined ? <TimeLeft desk={desk} /> : <Late {...late} />}
        <Save
          label={t(late === undefined ? saveWords(desk.operator.then) : 'wrapup.saveOnly')}
          lacks={lacks}
          asked={asked}
          pending={dispose.isPending}
          onSave={save}
        />
      </CallBar>
      {banners}
      <WrapUpPanels
        pop={pop}
        draft={draft}
        writing={writing}
        lacks={asked ? lacks : null}
        ended={ended}
        failed={dispose.failureReason === null ? null : asProblem(dispose.failureReason)}
        retrying={dispose.isPending}
        onDraft={onDraft}
        onAgain={save}
      />
    </>
  )
}

export interface Ended {
  by: string
  at: string | null
}

/** Who ended the call, and how long it was. After a reload the event is gone: the call's record is asked. */
function useEnded(call: string, wrapUp: Waiting | null): Ended {
  const told = wrapUp?.ended_by
  const record = useQuery({
    queryKey: ['call', call],
    queryFn: () => body(api.GET('/api/v1/calls/{call}', { params: { path: { call } } })),
    enabled: told === undefined,
  })
  const by = told ?? record.data?.ended_by ?? 'unknown'
  return { by, at: wrapUp?.ended_at ?? record.data?.ended_at ?? null }
}

const talked = (pop: Pop, endedAt: string | null): string | null =>
  pop.connected_at === null || endedAt === null
    ? null
    : span((Date.parse(endedAt) - Date.parse(pop.connected_at)) / 1000)

function About({ pop, ended }: { pop: Pop; ended: Ended }) {
  const { t } = useSay()
  const time = talked(pop, ended.at)
  return (
    <>
      <IconPhoneOff size={16} stroke={1.75} aria-hidden="true" />
      {t([`wrapup.ended.${ended.by}`, 'wrapup.ended.unknown'])}
      {time !== null && (
        <>
          <span className="dot" />
          <span className="num nw">{t('wrapup.talked', { time })}</span>
        </>
      )}
      <span className="dot" />
      <span className="cut">{pop.campaign?.name ?? pop.project.name}</span>
    </>
  )
}

function TimeLeft({ desk }: { desk: Snapshot }) {
  const { t } = useSay()
  const now = useNow()
  const until = desk.wrap_up?.until ?? desk.operator.until
  if (until === null) return <div className="xs mut">{t('wrapup.noLimit')}</div>
  const left = Math.max(0, Math.floor((Date.parse(until) - now) / 1000))
  return (
    <div className="r">
      <div className={left <= 10 ? 'bigtime num warn' : 'bigtime num'} role="timer">
        {t('seconds', { n: left })}
      </div>
      <div className="xs mut">{t(left === 0 ? 'wrapup.over' : 'wrapup.left')}</div>
    </div>
  )
}

function Late({ onClose, onDiscard }: { onClose: () => void; onDiscard: () => void }) {
  const { t } = useSay()
  return (
    <>
      <span className="xs mut">{t('wrapup.late')}</span>
      <Button variant="default" onClick={onDiscard}>
        {t('unsent.discard')}
      </Button>
      <Button variant="default" rightSection={<Caps of="close" />} onClick={onClose}>
        {t('unsent.close')}
      </Button>
    </>
  )
}

/** The button says where saving leads. */
const saveWords = (then: string): string => (then === 'ready' ? 'wrapup.save' : `wrapup.saveThen.${then}`)

const GAPS: Partial<Record<string, string>> = {
  pickResult: '[data-region="middle"] [role="radio"][tabindex="0"]',
  pickReason: '[data-region="right"] [role="radio"][tabindex="0"]',
  pickCallback: '[data-region="after"] [role="radio"][tabindex="0"]',
  pastCallback: '[data-region="after"] [role="radio"][tabindex="0"]',
}

/** Brings the focus to what is missing. */
const showGap = (lacks: string | null): void =>
  document.querySelector<HTMLElement>(GAPS[lacks ?? ''] ?? 'none')?.focus()

interface SaveProps {
  label: string
  lacks: string | null
  asked: boolean
  pending: boolean
  onSave: () => void
}

/** Locked, it says what it waits for; pressed all the same, it points to the gap. */
function Save({ label, lacks, asked, pending, onSave }: SaveProps) {
  const { t } = useSay()
  const slow = useSlow(pending)
  const locked = lacks !== null
  return (
    <Button
      className="save"
      size="xl"
      aria-disabled={locked}
      aria-keyshortcuts={spoken('save')}
      data-locked={locked || undefined}
      loading={slow}
      leftSection={locked ? <IconLock size={18} stroke={1.75} aria-hidden="true" /> : undefined}
      rightSection={
        <span className={locked ? undefined : 'on-fill'}>
          <Caps of="save" />
        </span>
      }
      onClick={onSave}
    >
      <span className="save-words">
        {label}
        {locked && <span className={asked ? 'save-lacks bad' : 'save-lacks'}>{t(`wrapup.${lacks}`)}</span>}
      </span>
    </Button>
  )
}
