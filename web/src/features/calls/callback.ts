import { localIn } from '../../shared/time'

type Quick = 'hour' | 'evening' | 'tomorrow' | 'monday'

const DAY_MS = 86_400_000
const QUARTER_MS = 900_000

/** Moments that are often promised, as the clock in `zone` shows them; only those that lie ahead. */
export function quickMoments(zone: string, now: number): [Quick, string][] {
  const here = localIn(zone, now)
  const inAnHour = Math.ceil((Date.parse(`${here}Z`) + 3_600_000) / QUARTER_MS) * QUARTER_MS
  const today = here.slice(0, 10)
  const moments: [Quick, string][] = [
    ['hour', new Date(inAnHour).toISOString().slice(0, 16)],
    ['evening', `${today}T18:00`],
    ['tomorrow', `${later(today, 1)}T10:00`],
    ['monday', `${later(today, untilMonday(today))}T10:00`],
  ]
  return moments.filter(([name, at]) => at > here && !(name === 'monday' && untilMonday(today) === 1))
}

const later = (day: string, days: number): string =>
  new Date(Date.parse(`${day}T00:00Z`) + days * DAY_MS).toISOString().slice(0, 10)

const untilMonday = (day: string): number => (8 - new Date(`${day}T00:00Z`).getUTCDay()) % 7 || 7
