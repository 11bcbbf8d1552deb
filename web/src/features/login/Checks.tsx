import { Button } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { clock, learnFrom } from '../../api/clock'
import { IconAlert, IconCheck, IconCircleCheck, IconClock, IconInfo } from '../../shared/icons'

const CLOSE_ENOUGH_S = 2

/** Milliseconds to the service and back. */
async function roundTrip(): Promise<number> {
  const sent = Date.now()
  const response = await fetch('/health', { cache: 'no-store', signal: AbortSignal.timeout(5000) })
  if (!response.ok) throw new Error(`The service answers ${response.status}.`)
  learnFrom(response, sent)
  return Date.now() - sent
}

function storeWorks(): boolean {
  try {
    sessionStorage.setItem('ahize.try', '1')
    sessionStorage.removeItem('ahize.try')
    return true
  } catch {
    return false
  }
}

/** What the desk needs, tried while the name is typed. */
export function Checks() {
  const { t } = useTranslation()
  const health = useQuery({
    queryKey: ['health'],
    queryFn: roundTrip,
    staleTime: 0,
    retry: false,
    refetchInterval: 10_000,
  })
  const off = health.isSuccess ? Math.abs(Math.round((clock.offset ?? 0) / 1000)) : null
  const store = storeWorks()
  const all = [health.isSuccess, off !== null && off <= CLOSE_ENOUGH_S, store]
  return (
    <section className="panel checks" aria-labelledby="checks-title">
      <div className="row">
        <h2 id="checks-title" className="grow">
          {t('login.checks.title')}
        </h2>
        <ReadyTag done={all.filter(Boolean).length} all={all.length} />
      </div>
      <p className="mut">{t('login.checks.lead')}</p>
      <ul className="checks-list" aria-live="polite">
        <Service
          pending={health.isPending}
          ms={health.isSuccess ? health.data : null}
          onAgain={() => void health.refetch()}
        />
        <Check title={t('login.checks.clock')} state={off === null ? 'wait' : off <= CLOSE_ENOUGH_S ? 'ok' : 'warn'}>
          {off === null
            ? t('login.checks.waiting')
            : off <= CLOSE_ENOUGH_S
              ? t('login.checks.clockOk')
              : t('login.checks.clockOff', { n: off })}
        </Check>
        <Check title={t('login.checks.store')} state={store ? 'ok' : 'warn'}>
          {t(store ? 'login.checks.storeOk' : 'login.checks.storeBad')}
        </Check>
        <Check title={t('login.checks.phone')} state="info">
          {t('login.checks.phoneNote')}
        </Check>
      </ul>
      <p className="xs mut">{t('login.checks.foot')}</p>
    </section>
  )
}

function ReadyTag({ done, all }: { done: number; all: number }) {
  const { t } = useTranslation()
  return (
    <span className={done === all ? 'tag green' : 'tag amber'}>
      {done === all ? (
        <IconCheck size={14} stroke={2} aria-hidden="true" />
      ) : (
        <IconClock size={14} stroke={2} aria-hidden="true" />
      )}
      {t('login.checks.ready', { done, all })}
    </span>
  )
}

function Service({ pending, ms, onAgain }: { pending: boolean; ms: number | null; onAgain: () => void }) {
  const { t } = useTranslation()
  if (pending)
    return (
      <Check title={t('login.checks.service')} state="wait">
        {t('login.checks.waiting')}
      </Check>
    )
  if (ms !== null)
    return (
      <Check title={t('login.checks.service')} state="ok">
        {t('login.checks.serviceOk', { ms })}
      </Check>
    )
  const again = (
    <Button variant="default" size="xs" onClick={onAgain}>
      {t('login.checks.again')}
    </Button>
  )
  return (
    <Check title={t('login.checks.service')} state="warn" action={again}>
      {t('login.checks.serviceBad')}
    </Check>
  )
}

type State = 'ok' | 'warn' | 'wait' | 'info'
const SIGNS = { ok: IconCircleCheck, warn: IconAlert, wait: IconClock, info: IconInfo }

function Check({
  title,
  state,
  action,
  children,
}: {
  title: string
  state: State
  action?: ReactNode
  children: ReactNode
}) {
  const Sign = SIGNS[state]
  return (
    <li className="check">
      <span className={`check-sign ${state}`}>
        <Sign size={22} stroke={2} aria-hidden="true" />
      </span>
      <div className="grow">
        <b className="b">{title}</b>
        <p className="sm mut">{children}</p>
      </div>
      {action}
    </li>
  )
}
