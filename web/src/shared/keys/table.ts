/**
 * Every key of the desk, once: buttons show it, the overlay lists it, the listener obeys it, tests press it.
 * F-keys, digits and Enter by `code`; letters and signs by `key`, so that Turkish and other layouts agree.
 */
export interface Chord {
  code?: string
  key?: string
  ctrl?: true
  shift?: true
  alt?: true
  /** The sign sits on different places of different keyboards: Shift may be part of typing it. */
  anyShift?: true
}

export const KEYS = {
  afterThis: { chord: { code: 'F3' }, group: 'everywhere' },
  nextRegion: { chord: { code: 'F6' }, group: 'everywhere' },
  previousRegion: { chord: { code: 'F6', shift: true }, group: 'everywhere' },
  showKeys: { chord: { key: '/', ctrl: true, anyShift: true }, group: 'everywhere' },
  close: { chord: { code: 'Escape' }, group: 'everywhere' },
  end: { chord: { key: 'e', ctrl: true, shift: true }, group: 'call' },
  answer: { chord: { code: 'Digit1' }, group: 'wrapUp' },
  save: { chord: { code: 'Enter', ctrl: true }, group: 'wrapUp' },
} as const satisfies Record<string, { chord: Chord; group: 'everywhere' | 'call' | 'wrapUp' }>

export type KeyName = keyof typeof KEYS

const CAPS: Record<string, string> = { Escape: 'Esc', Enter: '↵', Digit1: '1 … 9' }

/** The caps to draw on a button, in the order in which they are pressed. */
export function caps(name: KeyName): string[] {
  const chord: Chord = KEYS[name].chord
  const last = chord.code === undefined ? (chord.key ?? '').toUpperCase() : (CAPS[chord.code] ?? chord.code)
  const held = [chord.ctrl && 'Ctrl', chord.alt && 'Alt', chord.shift && '⇧'].filter(cap => typeof cap === 'string')
  return [...held, last]
}

/** The chord as assistive technology reads it (WAI-ARIA aria-keyshortcuts). */
export function spoken(name: KeyName): string {
  const chord: Chord = KEYS[name].chord
  const held = [chord.ctrl && 'Control', chord.alt && 'Alt', chord.shift && 'Shift'].filter(
    cap => typeof cap === 'string',
  )
  return [...held, chord.code?.replace('Digit', '') ?? chord.key?.toUpperCase() ?? ''].join('+')
}

type Pressed = Pick<KeyboardEvent, 'code' | 'key' | 'ctrlKey' | 'shiftKey' | 'altKey' | 'metaKey'>

/** Whether this press is that chord, no more and no less. */
export function matches(name: KeyName, event: Pressed): boolean {
  const chord: Chord = KEYS[name].chord
  if (event.metaKey || event.ctrlKey !== (chord.ctrl ?? false) || event.altKey !== (chord.alt ?? false)) return false
  if (chord.anyShift !== true && event.shiftKey !== (chord.shift ?? false)) return false
  if (chord.code !== undefined) return event.code === chord.code || event.code === numpad(chord.code)
  return event.key.toLowerCase() === chord.key
}

const numpad = (code: string): string => code.replace(/^(Digit|(?=Enter))/, 'Numpad')

/** The digit of a bare press, or null. */
export function digit(event: Pressed): string | null {
  if (event.ctrlKey || event.altKey || event.metaKey || event.shiftKey) return null
  return /^(?:Digit|Numpad)([0-9])$/.exec(event.code)?.[1] ?? null
}
