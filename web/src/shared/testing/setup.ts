import { afterEach, vi } from 'vitest'

if (typeof document !== 'undefined') {
  const { cleanup } = await import('@testing-library/react')
  afterEach(() => {
    cleanup()
    sessionStorage.clear()
  })
  // What jsdom leaves out of the browser.
  const scheme = (query: string) =>
    Object.assign(new EventTarget(), { matches: false, media: query, onchange: null }) as unknown as MediaQueryList
  vi.stubGlobal('matchMedia', scheme)
  vi.stubGlobal('CSS', { escape: (text: string) => text })
}
