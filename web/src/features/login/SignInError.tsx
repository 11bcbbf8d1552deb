import { useTranslation } from 'react-i18next'
import type { Problem } from '../../api/problem'
import { IconAlertOctagon } from '../../shared/icons'

/** What went wrong at the door, in one sentence that says what to do. */
export function SignInError({ problem }: { problem: Problem }) {
  const { t } = useTranslation()
  return (
    <div className="login-error" role="alert">
      <IconAlertOctagon size={18} stroke={1.75} aria-hidden="true" />
      <span>{t([`login.error.${problem.code}`, 'login.error.other'], { ...problem.values, code: problem.code })}</span>
    </div>
  )
}
