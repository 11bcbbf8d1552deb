import { Button, Textarea } from '@mantine/core'
import { useEffect, useRef } from 'react'
import { useSay } from '../../locales/useSay'
import type { Problem } from '../../api/problem'
import type { Disposition, Pop } from '../../api/types'
import { IconAsterisk, IconCalendarPlus, IconFlag, IconHelp } from '../../shared/icons'
import { Panel } from '../../shared/Panel'
import { ResultPicker } from '../../shared/ResultPicker'
import { shortMoment, span } from '../../shared/time'
import { useNow } from '../../shared/useNow'
import { Why } from '../../shared/Why'
import { Callback } from './Callback'
import type { Draft } from './draft'
import { DraftState } from './NotePanel'
import type { Ended } from './WrapUp'
import { asksCallback, asksReason } from './result'

interface Props {
  pop: Pop
  draft: Draft
  writing: boolean
  /** What a save was refused for, or null. */
  lacks: string | null
  ended: Ended
  failed: Problem | null
  retrying: boolean
  onDraft: (change: Partial<Draft>) => void
  onAgain: () => void
}

export function WrapUpPanels(props: Props) {
  const { pop, draft, failed, retrying, onAgain } = props
  const result = pop.dispositions.find(each => each.code === draft.result)
  return (
    <>
      <div aria-live="assertive">
        {failed !== null && <Failed problem={failed} retrying={retrying} onAgain={onAgain} />}
      </div>
      <div className="cols wrapup">
        <Results {...props} />
        <Reasons {...props} result={result} />
        <After {...props} result={result} />
      </div>
    </>
  )
}

function Failed({ problem, retrying, onAgain }: { problem: Problem; retrying: boolean; onAgain: () => void }) {
  const { t, wrong } = useSay()
  const again = retrying ? undefined : (
    <Button size="xs" variant="default" onClick={onAgain}>
      {t('wrapup.again')}
    </Button>
  )
  return (
    <div className="banners">
      <Why tone="broken" title={t('wrapup.failed')} actions={again}>
        <p>
          {wrong(problem)} {t('wrapup.kept')} {retrying && t('wrapup.retrying')}
        </p>
      </Why>
    </div>
  )
}

function Results({ pop, draft, writing, onDraft }: Props) {
  const { t, text } = useSay()
  const hint = (result: Disposition): { hint: string } | undefined => {
    if (result.flags.includes('do_not_call')) return { hint: t('wrapup.dnc') }
    if (asksCallback(result)) return { hint: t('wrapup.asksCallback') }
    return asksReason(result) ? { hint: t('wrapup.asksReason') } : undefined
  }
  return (
    <Panel
      title={`1 · ${t('calls.region.result')}`}
      icon={<IconFlag size={17} stroke={1.75} aria-hidden="true" />}
      region="middle"
      aside={<span className="xs dim">{t('wrapup.digits')}</span>}
    >
      <ResultPicker
        label={t('calls.region.result')}
        choices={pop.dispositions.map(each => ({
          code: each.code,
          label: text(each.label),
          digit: each.key,
          ...hint(each),
        }))}
        picked={draft.result}
        focused={!writing}
        onPick={code => onDraft({ result: code, reason: code === draft.result ? draft.reason : null })}
      />
    </Panel>
  )
}

type WithResult = Props & { result: Disposition | undefined }

function Reasons({ draft, writing, lacks, result, onDraft }: WithResult) {
  const { t, text } = useSay()
  const obligatory = result !== undefined && asksReason(result)
  const title = obligatory ? t('wrapup.reasonOf', { result: text(result.label) }) : t('calls.region.reason')
  const note = useRef<HTMLTextAreaElement>(null)
  useEffect(() => {
    if (!writing || note.current === null) return
    note.current.focus()
    note.current.setSelectionRange(note.current.value.length, note.current.value.length)
  }, [writing])
  return (
    <Panel
      title={`2 · ${title}`}
      icon={<IconHelp size={17} stroke={1.75} aria-hidden="true" />}
      region="right"
      aside={obligatory && <Obligatory missing={lacks === 'pickReason'} />}
      foot={<DraftState draft={draft} />}
    >
      <div className="col g12">
        {result === undefined || result.reasons.length === 0 ? (
          <p className="sm mut">{t(result === undefined ? 'wrapup.firstResult' : 'wrapup.noReason')}</p>
        ) : (
          <ResultPicker
            key={result.code}
            label={title}
            columns={2}
            choices={result.reasons.map((each, n) => ({
              code: each.code,
              label: text(each.label),
              digit: n < 9 ? String(n + 1) : null,
            }))}
            picked={draft.reason}
            focused={obligatory && draft.reason === null}
            onPick={code => onDraft({ reason: code })}
          />
        )}
        <Textarea
          ref={note}
          label={t('calls.note')}
          description={t('calls.noteHint')}
          classNames={{ label: 'note-label', root: 'note' }}
          rows={4}
          maxLength={4000}
          value={draft.note}
          onChange={event => onDraft({ note: event.currentTarget.value })}
        />
      </div>
    </Panel>
  )
}

function Obligatory({ missing }: { missing: boolean }) {
  const { t } = useSay()
  return (
    <span className={missing ? 'tag red' : 'tag amber'}>
      <IconAsterisk size={13} stroke={2.5} aria-hidden="true" />
      {t(missing ? 'wrapup.pickReason' : 'wrapup.obligatory')}
    </span>
  )
}

function After({ pop, draft, lacks, ended, result, onDraft }: WithResult) {
  const { t } = useSay()
  const asks = result !== undefined && asksCallback(result)
  return (
    <Panel
      title={`3 · ${t('calls.region.after')}`}
      icon={<IconCalendarPlus size={17} stroke={1.75} aria-hidden="true" />}
      region="after"
      aside={asks && <Obligatory missing={false} />}
    >
      <div className="col g12">
        {asks ? (
          <Callback zone={pop.person.local_time_zone} draft={draft} lacks={lacks} onDraft={onDraft} />
        ) : (
          <p className="sm mut">{t('wrapup.noCallback')}</p>
        )}
        <hr />
        <Seen pop={pop} ended={ended} />
      </div>
    </Panel>
  )
}

/** What the system saw stands beside what is claimed. */
function Seen({ pop, ended }: Pick<Props, 'pop' | 'ended'>) {
  const { t, locale } = useSay()
  const now = useNow()
  const talk =
    pop.connected_at === null || ended.at === null ? null : Date.parse(ended.at) - Date.parse(pop.connected_at)
  return (
    <div>
      <h3 className="lbl">{t('wrapup.seen')}</h3>
      <dl className="facts">
        {talk !== null && (
          <>
            <dt>{t('wrapup.talkTime')}</dt>
            <dd className="num">{span(talk / 1000)}</dd>
          </>
        )}
        {ended.by !== 'unknown' && (
          <>
            <dt>{t('wrapup.endedBy')}</dt>
            <dd>{t(`wrapup.who.${ended.by}`)}</dd>
          </>
        )}
        {pop.connected_at !== null && (
          <>
            <dt>{t('wrapup.startedAt')}</dt>
            <dd className="num">{shortMoment(pop.connected_at, now, locale)}</dd>
          </>
        )}
      </dl>
    </div>
  )
}
