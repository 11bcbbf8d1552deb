import { useSay } from '../locales/useSay'
import { IconAlertOctagon, IconX } from './icons'
import { dismiss, useNotices } from './notices'

/** What failed, at the bottom left over the roster: never over call bar, script or save. */
export function Notices() {
  const { t, wrong } = useSay()
  const notices = useNotices()
  return (
    <div className="notices" role="region" aria-label={t('app.notice')} aria-live="polite">
      {notices.map(({ id, problem }) => (
        <div key={id} className="notice">
          <IconAlertOctagon size={18} stroke={1.75} aria-hidden="true" />
          <span className="grow">{wrong(problem)}</span>
          <button type="button" className="plain" aria-label={t('app.dismiss')} onClick={() => dismiss(id)}>
            <IconX size={16} stroke={2} aria-hidden="true" />
          </button>
        </div>
      ))}
    </div>
  )
}
