import { useComputedColorScheme, useMantineColorScheme } from '@mantine/core'
import { useTranslation } from 'react-i18next'
import { speak } from '../locales/i18n'
import { IconLanguage, IconMoon, IconSun } from './icons'

/** Turkish and English, live. The button is named by the language that it leads to, in that language. */
export function LanguageSwitch() {
  const { t, i18n } = useTranslation()
  const next = i18n.language === 'en' ? 'tr' : 'en'
  return (
    <button type="button" className="switch" lang={next} title={t('language.switch')} onClick={() => speak(next)}>
      <IconLanguage size={17} stroke={1.75} aria-hidden="true" />
      {t(`language.${next}`)}
    </button>
  )
}

/** Light and dark, live. */
export function SchemeSwitch({ short = false }: { short?: boolean }) {
  const { t } = useTranslation()
  // Holding transitions still would need a <style>, which the page's policy refuses.
  const { setColorScheme } = useMantineColorScheme({ keepTransitions: true })
  const now = useComputedColorScheme('light')
  const next = now === 'dark' ? 'light' : 'dark'
  const Icon = next === 'dark' ? IconMoon : IconSun
  const label = t(next === 'dark' ? 'scheme.toDark' : 'scheme.toLight')
  return (
    <button type="button" className="switch" aria-label={label} title={label} onClick={() => setColorScheme(next)}>
      <Icon size={17} stroke={1.75} aria-hidden="true" />
      {!short && <span aria-hidden="true">{t(`scheme.${next}`)}</span>}
    </button>
  )
}
