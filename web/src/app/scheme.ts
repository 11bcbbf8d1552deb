import type { MantineColorScheme, MantineColorSchemeManager } from '@mantine/core'

const STORE = 'ahize.scheme'

function stored(): MantineColorScheme | null {
  try {
    const value = localStorage.getItem(STORE)
    return value === 'light' || value === 'dark' ? value : null
  } catch {
    return null
  }
}

/** Light or dark, remembered on this computer; the system's choice until one is made. Agrees with first-paint.js. */
export const schemeManager: MantineColorSchemeManager = {
  get: fallback => stored() ?? fallback,
  set: value => {
    try {
      localStorage.setItem(STORE, value)
    } catch {
      // without storage it holds until the page is closed
    }
  },
  subscribe: () => undefined,
  unsubscribe: () => undefined,
  clear: () => undefined,
}
