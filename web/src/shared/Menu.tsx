import { createContext, use, useId, useRef, type KeyboardEvent, type ReactNode } from 'react'

const Close = createContext<() => void>(() => undefined)

interface Props {
  /** The button's content, which names it. */
  button: ReactNode
  /** Names the opened menu. */
  label: string
  className: string
  state?: string
  side?: 'left' | 'right'
  children: ReactNode
}

/**
 * A menu button (WAI-ARIA). The browser's own popover closes it on Esc, on a press elsewhere and when focus leaves;
 * Mantine's would add a fifth to the first load for that.
 */
export function Menu({ button, label, className, state, side = 'left', children }: Props) {
  const id = useId()
  const opener = useRef<HTMLButtonElement>(null)
  const menu = useRef<HTMLDivElement>(null)
  const close = () => {
    menu.current?.hidePopover()
    opener.current?.focus()
  }
  const toggled = (open: boolean) => {
    opener.current?.setAttribute('aria-expanded', String(open))
    if (open) items(menu.current)[0]?.focus()
  }
  return (
    <div className="menu">
      <button
        ref={opener}
        type="button"
        className={className}
        data-state={state}
        aria-haspopup="menu"
        aria-expanded="false"
        popoverTarget={id}
      >
        {button}
      </button>
      <div
        ref={menu}
        id={id}
        popover="auto"
        role="menu"
        aria-label={label}
        className={`menu-items ${side}`}
        tabIndex={-1}
        onToggle={event => toggled(event.newState === 'open')}
        onKeyDown={event => walk(event, menu.current, close)}
      >
        <Close value={close}>{children}</Close>
      </div>
    </div>
  )
}

interface ItemProps {
  icon?: ReactNode
  keys?: ReactNode
  note?: string
  state?: string
  /** Cannot be chosen now; `note` says why. */
  locked?: boolean
  onChoose: () => void
  children: ReactNode
}

export function MenuItem({ icon, keys, note, state, locked = false, onChoose, children }: ItemProps) {
  const close = use(Close)
  const choose = () => {
    if (locked) return
    close()
    onChoose()
  }
  return (
    <button
      type="button"
      role="menuitem"
      className="menu-item"
      data-state={state}
      aria-disabled={locked}
      tabIndex={-1}
      onClick={choose}
    >
      {icon}
      <span className="grow">
        {children}
        {note !== undefined && <span className="menu-note">{note}</span>}
      </span>
      {keys}
    </button>
  )
}

const items = (menu: HTMLElement | null): HTMLElement[] => [
  ...(menu?.querySelectorAll<HTMLElement>('[role=menuitem]') ?? []),
]

function walk(event: KeyboardEvent, menu: HTMLElement | null, close: () => void): void {
  const all = items(menu)
  const at = all.indexOf(document.activeElement as HTMLElement)
  const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: -1 }[event.code]
  if (event.code === 'Tab') close()
  if (to === undefined) return
  event.preventDefault()
  all.at(to % all.length)?.focus()
}
