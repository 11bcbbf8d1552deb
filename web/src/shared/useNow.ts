import { useSyncExternalStore } from 'react'
import { clock } from '../api/clock'

const listeners = new Set<() => void>()
let second = 0
let timer: ReturnType<typeof setTimeout> | undefined

/** One ticker for all timers, on the service's full second, so that they change together. */
function tick(): void {
  second = Math.floor(clock.now() / 1000) * 1000
  listeners.forEach(listener => listener())
  timer = setTimeout(tick, 1000 - (clock.now() % 1000) + 2)
}

function subscribe(listener: () => void): () => void {
  if (listeners.size === 0) queueMicrotask(() => listeners.size > 0 && timer === undefined && tick())
  listeners.add(listener)
  return () => {
    listeners.delete(listener)
    if (listeners.size > 0) return
    clearTimeout(timer)
    timer = undefined
  }
}

const read = (): number => {
  if (second === 0 || timer === undefined) second = Math.floor(clock.now() / 1000) * 1000
  return second
}

/** The service's time in whole seconds (ms), renewed each second. */
export const useNow = (): number => useSyncExternalStore(subscribe, read)
