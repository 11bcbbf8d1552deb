import type { ScreenState } from './states'

/** The stripe under the status bar: the state by colour and pattern, for the corner of the eye. `left`: share 0 to 1. */
export function StateEdge({ state, left }: { state: ScreenState; left?: number | undefined }) {
  const empties = left === undefined ? {} : { '--left': `${Math.round(left * 100)}%` }
  return (
    <span className={`edge ${state}`} data-state={state} style={empties as React.CSSProperties} aria-hidden="true" />
  )
}
