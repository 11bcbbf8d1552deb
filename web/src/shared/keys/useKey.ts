import { useEffect, useEffectEvent } from 'react'
import { matches, type KeyName } from './table'

/** Obeys one key of the table wherever the focus is, while `on`. Held keys count once. */
export function useKey(name: KeyName, act: () => void, on = true): void {
  const pressed = useEffectEvent((event: KeyboardEvent) => {
    if (!matches(name, event)) return
    event.preventDefault()
    if (!event.repeat) act()
  })
  useEffect(() => {
    if (!on) return
    const listen = (event: KeyboardEvent) => pressed(event)
    window.addEventListener('keydown', listen)
    return () => window.removeEventListener('keydown', listen)
  }, [on])
}
