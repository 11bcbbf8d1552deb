import { useEffect, useState } from 'react'
import type { Link } from '../../api/stream'
import type { Snapshot } from '../../api/types'
import { screenState, type ScreenState } from '../../shared/states'

/** Short cuts are mended before anybody need know. */
const SAY_AFTER_MS = 1_000

/** Whether the way to the service has been down long enough to say so. */
export function useLagged(link: Link): boolean {
  const down = link === 'lost' || link === 'lagged'
  const [lasting, setLasting] = useState(false)
  useEffect(() => {
    if (!down) return
    const timer = setTimeout(() => setLasting(true), link === 'lagged' ? 0 : SAY_AFTER_MS)
    return () => {
      clearTimeout(timer)
      setLasting(false)
    }
  }, [down, link])
  return down && lasting
}

export interface Screen {
  /** What is drawn: a lagged desk says so, whatever the operator does. */
  shown: ScreenState
  /** What the operator does, as last heard. */
  state: ScreenState
}

export function screenOf(desk: Snapshot, lagged: boolean): Screen {
  const state = screenState(desk.operator.state)
  return { state, shown: lagged ? 'lagged' : state }
}
