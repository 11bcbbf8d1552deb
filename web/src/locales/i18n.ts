import i18next from 'i18next'
import { initReactI18next } from 'react-i18next'

export const LANGUAGES = ['tr', 'en'] as const
export type Language = (typeof LANGUAGES)[number]
const STORE = 'ahize.language'

const WORDS = { tr: () => import('./tr.json'), en: () => import('./en.json') }

const known = (language: string | null | undefined): Language | null =>
  LANGUAGES.find(each => language?.toLowerCase().startsWith(each)) ?? null

function stored(): Language | null {
  try {
    return known(localStorage.getItem(STORE))
  } catch {
    return null
  }
}

async function load(language: Language): Promise<void> {
  if (i18next.hasResourceBundle(language, 'translation')) return
  i18next.addResourceBundle(language, 'translation', (await WORDS[language]()).default)
}

async function turnTo(language: Language): Promise<void> {
  await load(language)
  await i18next.changeLanguage(language)
  document.documentElement.lang = language
}

/** Readies the language of this computer before anything is drawn; the other one follows when there is time. */
export async function prepare(): Promise<void> {
  await i18next.use(initReactI18next).init({ resources: {}, fallbackLng: false, interpolation: { escapeValue: false } })
  await turnTo(stored() ?? known(globalThis.navigator.language) ?? 'tr')
  setTimeout(() => void Promise.all(LANGUAGES.map(load)), 2_000)
}

/** Changes the language of the page and remembers it on this computer. */
export function speak(next: Language): void {
  void turnTo(next)
  try {
    localStorage.setItem(STORE, next)
  } catch {
    // without storage it holds until the page is closed
  }
}

/** The user's own language, unless another was chosen on this computer. */
export function suggest(locale: string): void {
  const next = known(locale)
  if (stored() === null && next !== null) void turnTo(next)
}

export { i18next }
