import { useKey } from './keys/useKey'

const regions = (): HTMLElement[] => [...document.querySelectorAll<HTMLElement>('[data-region]')]

function go(step: 1 | -1): void {
  const all = regions()
  const at = all.findIndex(region => region.contains(document.activeElement))
  const next = at === -1 ? (step === 1 ? 0 : all.length - 1) : (at + step + all.length) % all.length
  all[next]?.focus()
}

/** F6 and Shift+F6 go round the regions of the desk, in the order in which they stand. */
export function useRegions(): void {
  useKey('nextRegion', () => go(1))
  useKey('previousRegion', () => go(-1))
}
