import { Button } from '@mantine/core'
import { useSay } from '../../locales/useSay'
import type { Trunk } from '../../api/types'
import { Why } from '../../shared/Why'

interface Props {
  lagged: boolean
  /** Open desks of this person. */
  desks: number
  trunks: Trunk[]
  onTryNow: () => void
}

/** What is broken, why, and what to do. Nothing when all is well. */
export function Banners({ lagged, desks, trunks, onTryNow }: Props) {
  const { t, why } = useSay()
  const down = lagged ? [] : trunks.filter(trunk => !trunk.up)
  return (
    <div className="banners">
      <div aria-live="assertive">
        {lagged && (
          <Why
            tone="broken"
            title={t('status.lagged.title')}
            actions={
              <Button size="xs" variant="default" onClick={onTryNow}>
                {t('status.lagged.now')}
              </Button>
            }
          >
            <p>{t('status.lagged.body')}</p>
          </Why>
        )}
      </div>
      <div aria-live="polite">
        {desks > 1 && !lagged && <p className="banner-note">{t('status.desks', { n: desks })}</p>}
        {down.map(trunk => (
          <Why key={trunk.name} tone="broken" title={t('status.trunkDown.title', { name: trunk.name })}>
            <p>
              <b>{why(trunk.reason)}</b> {t('status.trunkDown.body')}
            </p>
          </Why>
        ))}
      </div>
    </div>
  )
}
