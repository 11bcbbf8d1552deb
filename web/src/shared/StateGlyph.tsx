import type { ReactNode } from 'react'
import type { ScreenState } from './states'

const SHAPES: Record<ScreenState, ReactNode> = {
  offline: (
    <>
      <circle cx="10" cy="10" r="7" stroke="currentColor" strokeWidth="2" />
      <path d="M5 15 15 5" stroke="currentColor" strokeWidth="2" />
    </>
  ),
  notready: (
    <path
      fill="currentColor"
      fillRule="evenodd"
      d="M5 2h10a3 3 0 0 1 3 3v10a3 3 0 0 1-3 3H5a3 3 0 0 1-3-3V5a3 3 0 0 1 3-3Zm.5 6.5v3h9v-3h-9Z"
    />
  ),
  ready: <circle cx="10" cy="10" r="8" fill="currentColor" />,
  reserved: (
    <>
      <circle cx="10" cy="10" r="7.5" stroke="currentColor" strokeWidth="2" strokeDasharray="4.2 3.65" />
      <circle cx="10" cy="10" r="3" fill="currentColor" />
    </>
  ),
  ringing: <path fill="currentColor" d="M10 1.5 19 17a1 1 0 0 1-.9 1.5H1.9A1 1 0 0 1 1 17L10 1.5Z" />,
  talking: <path stroke="currentColor" strokeWidth="3" strokeLinecap="round" d="M3 8v4M7.7 3.5v13M12.4 6v8M17 8.5v3" />,
  wrapup: (
    <path
      fill="currentColor"
      fillRule="evenodd"
      d="M10 .8 19.2 10 10 19.2.8 10 10 .8Zm4.1 7.6-1.5-1.4-3.5 3.7-1.7-1.7L6 10.4l3.1 3.2 5-5.2Z"
    />
  ),
  lagged: (
    <path
      fill="currentColor"
      fillRule="evenodd"
      d="M6.3 1.2h7.4l5.1 5.1v7.4l-5.1 5.1H6.3l-5.1-5.1V6.3l5.1-5.1ZM11 3.6 5.8 11h3.3L8.4 16.4 14.2 9h-3.6L11 3.6Z"
    />
  ),
}

/** The state's shape, readable without colour. Its word stands beside it. */
export function StateGlyph({ state, size = 18 }: { state: ScreenState; size?: number }) {
  return (
    <svg className="glyph" width={size} height={size} viewBox="0 0 20 20" fill="none" aria-hidden="true">
      {SHAPES[state]}
    </svg>
  )
}
