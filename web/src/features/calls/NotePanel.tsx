import { Textarea } from '@mantine/core'
import { useSay } from '../../locales/useSay'
import { IconNote } from '../../shared/icons'
import { Panel } from '../../shared/Panel'
import type { Draft } from './draft'

interface Props {
  draft: Draft
  onChange: (change: Partial<Draft>) => void
  onWriting: (writing: boolean) => void
}

/** What the next person should know; begun while talking, saved with the result. */
export function NotePanel({ draft, onChange, onWriting }: Props) {
  const { t } = useSay()
  return (
    <Panel
      title={t('calls.region.note')}
      icon={<IconNote size={17} stroke={1.75} aria-hidden="true" />}
      region="right"
      scroll={false}
      aside={<span className="xs dim">{t('calls.noteHint')}</span>}
      foot={<DraftState draft={draft} />}
    >
      <Textarea
        className="note-field"
        aria-label={t('calls.note')}
        placeholder={t('calls.notePlaceholder')}
        maxLength={4000}
        value={draft.note}
        onFocus={() => onWriting(true)}
        onBlur={() => onWriting(false)}
        onChange={event => onChange({ note: event.currentTarget.value })}
      />
    </Panel>
  )
}

export function DraftState({ draft }: { draft: Draft }) {
  const { t, locale } = useSay()
  if (draft.at === null) return <span className="xs mut">{t('calls.noDraft')}</span>
  const time = new Intl.DateTimeFormat(locale, { timeStyle: 'medium', hour12: false }).format(draft.at)
  return <span className="xs mut num">{t('calls.draft', { time })}</span>
}
