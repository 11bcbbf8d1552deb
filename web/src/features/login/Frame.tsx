import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { IconHeadset } from '../../shared/icons'
import { LanguageSwitch, SchemeSwitch } from '../../shared/Switches'
import { Checks } from './Checks'

/** The two halves of every page before the desk: what is asked, and what is being checked meanwhile. */
export function Frame({ children }: { children: ReactNode }) {
  const { t } = useTranslation()
  return (
    <div className="login">
      <section className="login-side ink" aria-label={t('login.title')}>
        <span className="logo">
          <IconHeadset size={26} stroke={2} aria-hidden="true" />
          {t('product')}
        </span>
        <div className="login-middle">{children}</div>
        <div className="row login-switches">
          <LanguageSwitch />
          <SchemeSwitch />
        </div>
      </section>
      <main className="login-main">
        <Checks />
      </main>
    </div>
  )
}
