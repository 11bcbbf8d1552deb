import { useEffect, useId, useRef, type KeyboardEvent, type ReactNode } from 'react'
import { digit } from './keys/table'

export interface Choice {
  code: string
  label: string
  digit: string | null
  hint?: string
}

interface Props {
  label: string
  choices: Choice[]
  picked: string | null
  onPick: (code: string) => void
  columns?: 1 | 2
  /** Takes the focus when it appears. */
  focused?: boolean
}

/** One choice of several by digit, arrows or pointer. Digits count only while the focus is inside (WCAG 2.1.4). */
export function ResultPicker({ label, choices, picked, onPick, columns = 1, focused = false }: Props) {
  const list = useRef<HTMLDivElement>(null)
  const name = useId()
  useEffect(() => {
    if (focused) list.current?.querySelector<HTMLElement>('[tabindex="0"]')?.focus()
  }, [focused])
  const pressed = (event: KeyboardEvent) => {
    const next = byDigit(choices, event) ?? byArrow(choices, picked, event)
    if (next === undefined) return
    event.preventDefault()
    onPick(next.code)
    list.current?.querySelector<HTMLElement>(`[data-code="${CSS.escape(next.code)}"]`)?.focus()
  }
  return (
    <div ref={list} className={`picker picker-${columns}`} role="radiogroup" aria-labelledby={name} onKeyDown={pressed}>
      <span id={name} className="unseen">
        {label}
      </span>
      {choices.map((choice, n) => (
        <Radio
          key={choice.code}
          choice={choice}
          checked={choice.code === picked}
          reachable={picked === null ? n === 0 : choice.code === picked}
          onPick={onPick}
        />
      ))}
    </div>
  )
}

interface RadioProps {
  choice: Choice
  checked: boolean
  reachable: boolean
  onPick: (code: string) => void
}

function Radio({ choice, checked, reachable, onPick }: RadioProps): ReactNode {
  return (
    <button
      type="button"
      role="radio"
      className="choice"
      data-code={choice.code}
      aria-checked={checked}
      aria-keyshortcuts={choice.digit ?? undefined}
      tabIndex={reachable ? 0 : -1}
      onClick={() => onPick(choice.code)}
    >
      {choice.digit !== null && <kbd aria-hidden="true">{choice.digit}</kbd>}
      <span>{choice.label}</span>
      {choice.hint !== undefined && <span className="choice-hint">{choice.hint}</span>}
    </button>
  )
}

const byDigit = (choices: Choice[], event: KeyboardEvent): Choice | undefined => {
  const pressed = digit(event.nativeEvent)
  return pressed === null ? undefined : choices.find(choice => choice.digit === pressed)
}

const STEPS: Partial<Record<string, number>> = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 }

const byArrow = (choices: Choice[], picked: string | null, event: KeyboardEvent): Choice | undefined => {
  if (event.code === 'Home') return choices[0]
  if (event.code === 'End') return choices.at(-1)
  const step = STEPS[event.code]
  if (step === undefined) return undefined
  const at = choices.findIndex(choice => choice.code === picked)
  return at === -1 ? choices[0] : choices[(at + step + choices.length) % choices.length]
}
