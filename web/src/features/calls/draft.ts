import { useState } from 'react'

/** What the operator has begun to say of a call. `day` ("2026-11-23") and `time` ("14:30") are the customer's. */
export interface Draft {
  result: string | null
  reason: string | null
  note: string
  day: string
  time: string
  /** When it was last written, ms; null: never. */
  at: number | null
}

const PREFIX = 'ahize.draft.'
const EMPTY: Draft = { result: null, reason: null, note: '', day: '', time: '', at: null }

function read(call: string): Draft {
  try {
    const text = sessionStorage.getItem(PREFIX + call)
    return text === null ? EMPTY : { ...EMPTY, ...(JSON.parse(text) as Partial<Draft>) }
  } catch {
    return EMPTY
  }
}

function write(call: string, draft: Draft): void {
  try {
    sessionStorage.setItem(PREFIX + call, JSON.stringify(draft))
  } catch {
    // without storage the draft lives as long as the page
  }
}

export const forgetDraft = (call: string): void => {
  try {
    sessionStorage.removeItem(PREFIX + call)
  } catch {
    // nothing was kept
  }
}

/** At sign-out nothing of a customer stays in this browser. */
export function forgetDrafts(): void {
  try {
    Object.keys(sessionStorage)
      .filter(key => key.startsWith(PREFIX))
      .forEach(key => sessionStorage.removeItem(key))
  } catch {
    // nothing was kept
  }
}

/** The draft of one call; survives a reload of the page. Mount anew (by `key`) for another call. */
export function useDraft(call: string): [Draft, (change: Partial<Draft>) => void] {
  const [draft, setDraft] = useState(() => read(call))
  const change = (part: Partial<Draft>) => {
    const next = { ...draft, ...part, at: Date.now() }
    setDraft(next)
    write(call, next)
  }
  return [draft, change]
}
