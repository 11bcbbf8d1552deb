import type { Disposition, Result } from '../../api/types'
import { instantIn } from '../../shared/time'
import { clockTime } from './moments'
import type { Draft } from './draft'

export const asksCallback = (result: Disposition): boolean => result.flags.includes('callback')
export const asksReason = (result: Disposition): boolean => result.needs_reason

/** The promised moment; null while day or time is missing. */
function callbackAt({ day, time }: Draft, zone: string): Date | null {
  const clock = clockTime(time)
  return clock === null ? null : instantIn(zone, `${day}T${clock}`)
}

/** What keeps the draft from being saved, or null. The value names its sentence in `wrapup.*`. */
export function missing(draft: Draft, results: Disposition[], zone: string, now: number): string | null {
  const result = results.find(each => each.code === draft.result)
  if (result === undefined) return 'pickResult'
  if (asksReason(result) && !result.reasons.some(reason => reason.code === draft.reason)) return 'pickReason'
  if (!asksCallback(result)) return null
  const at = callbackAt(draft, zone)
  if (at === null) return 'pickCallback'
  return at.getTime() <= now ? 'pastCallback' : null
}

/** What is sent of a complete draft: only what its result asks for. */
export function resultOf(draft: Draft, results: Disposition[], zone: string): Result | null {
  const result = results.find(each => each.code === draft.result)
  if (result === undefined) return null
  const reason = result.reasons.some(each => each.code === draft.reason) ? draft.reason : null
  const callback = asksCallback(result) ? callbackAt(draft, zone) : null
  const note = draft.note.trim()
  return {
    code: result.code,
    ...(reason !== null && { reason }),
    ...(note !== '' && { note }),
    ...(callback !== null && { callback_at: callback.toISOString() }),
  }
}
