import { useMutationState } from '@tanstack/react-query'
import { useSyncExternalStore } from 'react'
import type { Pop } from '../../api/types'
import { unsentCalls, watchDrafts } from './draft'

let known: Pop[] = []

/** The same list as long as it names the same calls. */
function read(): Pop[] {
  const now = unsentCalls()
  if (now.map(pop => pop.call).join() !== known.map(pop => pop.call).join()) known = now
  return known
}

/** Calls that ended without their result though something was written of it; `current` and those being sent are left out. */
export function useUnsent(current: string | null): Pop[] {
  const all = useSyncExternalStore(watchDrafts, read)
  const sending = useMutationState({
    filters: { mutationKey: ['dispose'], status: 'pending' },
    select: mutation => String(mutation.options.mutationKey?.[1]),
  })
  return all.filter(pop => pop.call !== current && !sending.includes(pop.call))
}
