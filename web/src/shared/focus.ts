/**
 * Puts the focus where the next key is expected without drawing a ring: nobody asked for it, and nothing there can be
 * pressed. Only when the focus went away with what had it.
 */
export function restFocus(on: HTMLElement | null): void {
  if (on === null || document.activeElement !== document.body) return
  on.dataset.quiet = ''
  on.addEventListener('blur', () => delete on.dataset.quiet, { once: true })
  on.focus()
}
