import { Button } from '@mantine/core'
import { useSay } from '../locales/useSay'
import { asProblem } from '../api/problem'
import { useSlow } from '../shared/useSlow'
import { Why } from '../shared/Why'

/** Nothing for the blink that most loads take, words after that. */
export function Opening() {
  const { t } = useSay()
  const slow = useSlow(true)
  return (
    <main className="plain-page" aria-busy="true">
      <p className="mut" role="status">
        {slow ? t('app.loading') : ''}
      </p>
    </main>
  )
}

export function Failed({ error, onAgain }: { error: unknown; onAgain: () => void }) {
  const { t, wrong } = useSay()
  return (
    <main className="plain-page">
      <Why
        tone="broken"
        title={t('app.failed')}
        actions={
          <Button variant="default" onClick={onAgain}>
            {t('app.again')}
          </Button>
        }
      >
        <p role="alert">{wrong(asProblem(error))}</p>
      </Why>
    </main>
  )
}
