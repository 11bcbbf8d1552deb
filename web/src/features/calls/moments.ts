import { localIn } from '../../shared/time'

type Quick = 'hour' | 'evening' | 'tomorrow' | 'monday'

export interface Moment {
  day: string
  time: string
}

const DAY_MS = 86_400_000
const QUARTER_MS = 900_000
const DAYS_AHEAD = 21

/** "14:30" of what was typed: "14:30", "14.30", "1430", "930", "9". Null for anything else. */
export function clockTime(typed: string): string | null {
  const [, hour, minute = '00'] = /^\s*(\d{1,2})(?:[:. ]?(\d{2}))?\s*$/.exec(typed) ?? []
  if (hour === undefined || Number(hour) > 23 || Number(minute) > 59) return null
  return `${hour.padStart(2, '0')}:${minute}`
}

/** The days that can be promised, from today in `zone` on. */
export function daysAhead(zone: string, now: number): string[] {
  const today = localIn(zone, now).slice(0, 10)
  return Array.from({ length: DAYS_AHEAD }, (_, n) => later(today, n))
}

/** "bugün", "yarın", then "25 Kas Çar". */
export function dayName(day: string, today: string, locale: string): string {
  const away = (Date.parse(`${day}T00:00Z`) - Date.parse(`${today}T00:00Z`)) / DAY_MS
  const date = new Intl.DateTimeFormat(locale, { day: 'numeric', month: 'short', weekday: 'short', timeZone: 'UTC' })
  const named = date.format(Date.parse(`${day}T00:00Z`))
  if (away > 1) return named
  return `${new Intl.RelativeTimeFormat(locale, { numeric: 'auto' }).format(away, 'day')} · ${named}`
}

/** Moments that are often promised, as the clock in `zone` shows them; only those that lie ahead. */
export function quickMoments(zone: string, now: number): [Quick, Moment][] {
  const here = localIn(zone, now)
  const inAnHour = Math.ceil((Date.parse(`${here}Z`) + 3_600_000) / QUARTER_MS) * QUARTER_MS
  const today = here.slice(0, 10)
  const moments: [Quick, string][] = [
    ['hour', new Date(inAnHour).toISOString().slice(0, 16)],
    ['evening', `${today}T18:00`],
    ['tomorrow', `${later(today, 1)}T10:00`],
    ['monday', `${later(today, untilMonday(today))}T10:00`],
  ]
  return moments
    .filter(([name, at]) => at > here && !(name === 'monday' && untilMonday(today) === 1))
    .map(([name, at]) => [name, { day: at.slice(0, 10), time: at.slice(11) }])
}

const later = (day: string, days: number): string =>
  new Date(Date.parse(`${day}T00:00Z`) + days * DAY_MS).toISOString().slice(0, 10)

const untilMonday = (day: string): number => (8 - new Date(`${day}T00:00Z`).getUTCDay()) % 7 || 7
