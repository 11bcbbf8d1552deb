/** "02:14", from an hour on "1:02:14". Whole seconds, never below zero. */
export function span(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds))
  const two = (n: number) => String(n).padStart(2, '0')
  const rest = `${two(Math.floor((whole % 3600) / 60))}:${two(whole % 60)}`
  return whole < 3600 ? rest : `${Math.floor(whole / 3600)}:${rest}`
}

/** "14:32" in `zone` (IANA); null where the zone is not known to this browser. */
export function timeIn(zone: string, at: number, language: string): string | null {
  try {
    return new Intl.DateTimeFormat(language, {
      timeZone: zone,
      hour: '2-digit',
      minute: '2-digit',
      hour12: false,
    }).format(at)
  } catch {
    return null
  }
}

/** "11 Haz 14:05", with the year when it is another. */
export function shortMoment(iso: string, now: number, language: string): string {
  const at = new Date(iso)
  const year = at.getFullYear() === new Date(now).getFullYear() ? {} : { year: 'numeric' as const }
  const parts = { day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit', hour12: false, ...year } as const
  return new Intl.DateTimeFormat(language, parts).format(at)
}

/** What the wall clock in `zone` shows at `at`, as if it were UTC (ms). */
function wall(at: number, zone: string): number {
  const parts = new Intl.DateTimeFormat('en-GB', {
    timeZone: zone,
    hour12: false,
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
  }).formatToParts(at)
  const of = (type: string) => Number(parts.find(part => part.type === type)?.value)
  return Date.UTC(of('year'), of('month') - 1, of('day'), of('hour') % 24, of('minute'), of('second'))
}

/**
 * The instant at which the clock in `zone` shows `local` ("2026-11-23T14:30"). In the hour that a change of time leaves
 * out, the moment right after it.
 */
export function instantIn(zone: string, local: string): Date | null {
  const wished = Date.parse(`${local}Z`)
  if (Number.isNaN(wished)) return null
  const first = wished - (wall(wished, zone) - wished)
  return new Date(wished - (wall(first, zone) - first))
}

/** What a date-and-time field shows for an instant in `zone`. */
export const localIn = (zone: string, at: number): string => new Date(wall(at, zone)).toISOString().slice(0, 16)
