import { useTranslation } from 'react-i18next'
import type { Problem } from '../api/problem'
import type { Reason, Texts, Values } from '../api/types'
import { shortMoment } from '../shared/time'
import type { Language } from './i18n'

const MOMENT = /^\d{4}-\d\d-\d\dT\d\d:\d\d/

/** Moments among the values of a reason, as people write them. */
const sayable = (values: Values, locale: string): Values =>
  Object.fromEntries(
    Object.entries(values).map(([name, value]) => [
      name,
      typeof value === 'string' && MOMENT.test(value) ? shortMoment(value, Date.now(), locale) : value,
    ]),
  )

/** The page's words for what the service says: reasons, problems and texts that come in both languages. */
export function useSay() {
  const { t, i18n } = useTranslation()
  const language: Language = i18n.language === 'en' ? 'en' : 'tr'
  /** For Intl: days before months, 24 hours. */
  const locale = language === 'en' ? 'en-GB' : 'tr-TR'
  const why = (reason: Reason | null | undefined): string => {
    if (!reason) return ''
    const unknown = t('reasonUnknown', { code: reason.code })
    return t(`reason.${reason.code}`, { ...sayable(reason.values, locale), defaultValue: unknown })
  }
  const wrong = (problem: Problem): string =>
    t([`error.${problem.code}`, 'error.other'], { ...problem.values, code: problem.code, detail: problem.message })
  const text = (texts: Texts): string => texts[language]
  return { t, language, locale, why, wrong, text }
}
