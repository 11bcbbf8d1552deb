import { useSyncExternalStore } from 'react'
import type { Problem } from '../api/problem'

export interface Notice {
  id: number
  problem: Problem
}

const MOST = 3
const STAYS_MS = 12_000

let notices: Notice[] = []
let next = 1
const listeners = new Set<() => void>()

function set(changed: Notice[]): void {
  notices = changed
  listeners.forEach(listener => listener())
}

export const dismiss = (id: number): void => set(notices.filter(notice => notice.id !== id))

/** Tells of a wish that failed. At most three stand at once, each for a while. */
export function notify(problem: Problem): void {
  const id = next++
  set([...notices.filter(notice => notice.problem.code !== problem.code), { id, problem }].slice(-MOST))
  setTimeout(() => dismiss(id), STAYS_MS)
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener)
  return () => listeners.delete(listener)
}

export const useNotices = (): Notice[] => useSyncExternalStore(subscribe, () => notices)
