import { useTranslation } from 'react-i18next'
import { Link } from 'wouter'

export function NotFound() {
  const { t } = useTranslation()
  return (
    <main className="plain-page">
      <h1>{t('app.notFound')}</h1>
      <Link href="/">{t('app.home')}</Link>
    </main>
  )
}
