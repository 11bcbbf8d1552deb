import { useEffect, useState } from 'react'
import type { Pop } from '../../api/types'

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

interface Kept {
  draft: Draft
  /** What of the call is needed to give its result later. */
  pop: Pop
}

const listeners = new Set<() => void>()

/** Tells whoever lists drafts that one was left behind or is gone. */
const tell = () => listeners.forEach(listener => listener())

function read(call: string): Kept | null {
  try {
    const text = sessionStorage.getItem(PREFIX + call)
    const kept = text === null ? null : (JSON.parse(text) as Kept)
    return kept === null ? null : { ...kept, draft: { ...EMPTY, ...kept.draft } }
  } catch {
    return null
  }
}

/** The facts, script and history of the customer are not kept: only who it was and which results there are. */
const spare = (pop: Pop): Pop => ({ ...pop, script: null, history: [], person: { ...pop.person, fields: {} } })

function write(pop: Pop, draft: Draft): void {
  try {
    sessionStorage.setItem(PREFIX + pop.call, JSON.stringify({ draft, pop: spare(pop) } satisfies Kept))
  } catch {
    // without storage the draft lives as long as the page
  }
}

export const forgetDraft = (call: string): void => {
  try {
    sessionStorage.removeItem(PREFIX + call)
    sessionStorage.removeItem(`${PREFIX}${call}.key`)
  } catch {
    // nothing was kept
  }
  tell()
}

/** At sign-out nothing of a customer stays in this browser. */
export function forgetDrafts(): void {
  for (const key of keys()) sessionStorage.removeItem(key)
  tell()
}

function keys(): string[] {
  try {
    return Object.keys(sessionStorage).filter(key => key.startsWith(PREFIX))
  } catch {
    return []
  }
}

const saysSomething = ({ note, result }: Draft): boolean => note.trim() !== '' || result !== null

/** The calls of whose result something was written and not saved, the oldest first. */
export function unsentCalls(): Pop[] {
  const kept = keys()
    .filter(key => !key.endsWith('.key'))
    .map(key => read(key.slice(PREFIX.length)))
    .filter(each => each !== null)
  return kept
    .filter(each => saysSomething(each.draft))
    .sort((a, b) => (a.draft.at ?? 0) - (b.draft.at ?? 0))
    .map(each => each.pop)
}

export function watchDrafts(listener: () => void): () => void {
  listeners.add(listener)
  return () => listeners.delete(listener)
}

/** The draft of one call; survives a reload of the page and the end of wrap-up. Mount anew (by `key`) for another. */
export function useDraft(pop: Pop): [Draft, (change: Partial<Draft>) => void] {
  const [draft, setDraft] = useState(() => read(pop.call)?.draft ?? EMPTY)
  useEffect(() => tell, [])
  const change = (part: Partial<Draft>) => {
    const next = { ...draft, ...part, at: Date.now() }
    setDraft(next)
    write(pop, next)
  }
  return [draft, change]
}
