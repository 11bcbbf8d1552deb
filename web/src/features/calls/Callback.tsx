import { NativeSelect, TextInput } from '@mantine/core'
import { useSay } from '../../locales/useSay'
import { ResultPicker } from '../../shared/ResultPicker'
import { timeIn } from '../../shared/time'
import { useNow } from '../../shared/useNow'
import { clockTime, dayName, daysAhead, quickMoments } from './moments'
import type { Draft } from './draft'

interface Props {
  zone: string
  draft: Draft
  /** What a save was refused for, or null. */
  lacks: string | null
  onDraft: (change: Partial<Draft>) => void
}

/** When we promise to ring again, by the customer's clock. */
export function Callback({ zone, draft, lacks, onDraft }: Props) {
  const { t, locale } = useSay()
  const now = useNow()
  const days = daysAhead(zone, now)
  const wrong = lacks === 'pickCallback' || lacks === 'pastCallback' ? t(`wrapup.${lacks}`) : undefined
  const options = days.map(day => ({ value: day, label: dayName(day, days[0] ?? day, locale) }))
  const quick = quickMoments(zone, now)
  const picked = quick.find(([, moment]) => draft.day === moment.day && draft.time === moment.time)?.[0] ?? null
  return (
    <div className="col">
      <ResultPicker
        label={t('wrapup.quickLabel')}
        choices={quick.map(([name], n) => ({ code: name, label: t(`wrapup.quick.${name}`), digit: String(n + 1) }))}
        picked={picked}
        focused={draft.day === ''}
        onPick={code => onDraft(quick.find(([name]) => name === code)?.[1] ?? {})}
      />
      <p className="xs dim">{t('wrapup.orTime')}</p>
      <div className="callback">
        <NativeSelect
          label={t('wrapup.day')}
          data={[{ value: '', label: t('wrapup.pickDay') }, ...options]}
          value={draft.day}
          error={wrong !== undefined && draft.day === ''}
          onChange={event => onDraft({ day: event.currentTarget.value })}
        />
        <TextInput
          label={t('wrapup.time')}
          placeholder="14:30"
          inputMode="numeric"
          autoComplete="off"
          value={draft.time}
          error={wrong !== undefined && draft.day !== ''}
          onChange={event => onDraft({ time: event.currentTarget.value })}
          onBlur={() => onDraft({ time: clockTime(draft.time) ?? draft.time })}
        />
      </div>
      <p className="xs dim">{t('wrapup.callbackZone', { time: timeIn(zone, now, locale) ?? '' })}</p>
      {wrong !== undefined && (
        <p className="xs bad" role="alert">
          {wrong}
        </p>
      )}
    </div>
  )
}
