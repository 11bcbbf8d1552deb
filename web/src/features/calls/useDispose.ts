import { useMutation } from '@tanstack/react-query'
import { api, body, idempotencyKey } from '../../api/client'
import type { Result } from '../../api/types'
import { asProblem } from '../../api/problem'
import { forgetDraft } from './draft'

const TRIES = 6
const LONGEST_WAIT_MS = 8_000

/** One key for the same result, however often and from which load of the page it is sent. */
function keyOf(call: string, result: Result): string {
  const name = `ahize.draft.${call}.key`
  const said = JSON.stringify(result)
  try {
    const [key, of] = JSON.parse(sessionStorage.getItem(name) ?? '[]') as [string?, string?]
    if (key !== undefined && of === said) return key
    const fresh = idempotencyKey()
    sessionStorage.setItem(name, JSON.stringify([fresh, said]))
    return fresh
  } catch {
    return idempotencyKey()
  }
}

/** Stores a call's result. When the way fails it is sent again, under the same key, so that it counts once. */
export function useDispose(call: string, onSaved?: () => void) {
  return useMutation({
    meta: { saysItself: true },
    mutationKey: ['dispose', call],
    mutationFn: (result: Result) =>
      body(
        api.POST('/api/v1/calls/{call}/disposition', {
          params: { path: { call }, header: { 'Idempotency-Key': keyOf(call, result) } },
          body: result,
        }),
      ),
    retry: (failures, error) => asProblem(error).passing && failures < TRIES,
    retryDelay: failures => Math.min(LONGEST_WAIT_MS, 500 * 2 ** failures),
    onSuccess: () => {
      forgetDraft(call)
      onSaved?.()
    },
  })
}
