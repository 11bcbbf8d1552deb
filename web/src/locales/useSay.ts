import { useTranslation } from 'react-i18next'
import type { Problem } from '../api/problem'
import type { Reason, Texts } from '../api/types'
import type { Language } from './i18n'

/** The page's words for what the service says: reasons, problems and texts that come in both languages. */
export function useSay() {
  const { t, i18n } = useTranslation()
  const language: Language = i18n.language === 'en' ? 'en' : 'tr'
  const why = (reason: Reason | null | undefined): string =>
    reason
      ? t(`reason.${reason.code}`, { ...reason.values, defaultValue: t('reason.other', { code: reason.code }) })
      : ''
  const wrong = (problem: Problem): string =>
    t([`error.${problem.code}`, 'error.other'], { ...problem.values, code: problem.code, detail: problem.message })
  const text = (texts: Texts): string => texts[language]
  /** For Intl: days before months, 24 hours. */
  const locale = language === 'en' ? 'en-GB' : 'tr-TR'
  return { t, language, locale, why, wrong, text }
}
