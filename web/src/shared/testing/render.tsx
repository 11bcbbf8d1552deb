import { render as draw } from '@testing-library/react'
import { createInstance } from 'i18next'
import type { ReactNode } from 'react'
import { I18nextProvider, initReactI18next } from 'react-i18next'
import { MantineProvider } from '@mantine/core'
import en from '../../locales/en.json'
import tr from '../../locales/tr.json'

/** Draws a part of the desk in one of its languages. */
export function render(part: ReactNode, language: 'tr' | 'en' = 'tr') {
  const words = createInstance()
  void words.use(initReactI18next).init({
    lng: language,
    resources: { tr: { translation: tr }, en: { translation: en } },
    interpolation: { escapeValue: false },
    initAsync: false,
  })
  return draw(
    <I18nextProvider i18n={words}>
      <MantineProvider env="test">{part}</MantineProvider>
    </I18nextProvider>,
  )
}
