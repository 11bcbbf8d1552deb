import { useQueries, useQuery } from '@tanstack/react-query'
import { useSay } from '../locales/useSay'
import { api, body } from '../api/client'
import type { Reason, Temperature } from '../api/types'
import { Panel } from '../shared/Panel'
import { TemperatureIcon } from '../shared/Temperature'

const LOOK_AGAIN_MS = 10_000

/** Every campaign of one's projects, whether it dials, and why. */
export function Campaigns() {
  const { t } = useSay()
  const campaigns = useQuery({ queryKey: ['campaigns'], queryFn: () => body(api.GET('/api/v1/campaigns')) })
  const reasons = useReasons(campaigns.data?.map(campaign => campaign.id) ?? [])
  return (
    <Panel title={t('home.campaigns')}>
      {campaigns.data?.length === 0 && <p className="sm mut">{t('home.noCampaigns')}</p>}
      <ul className="lines">
        {campaigns.data?.map((campaign, n) => (
          <Row
            key={campaign.id}
            name={campaign.name}
            temperature={campaign.temperature}
            state={campaign.state}
            reason={reasons[n] ?? null}
          />
        ))}
      </ul>
    </Panel>
  )
}

function useReasons(campaigns: string[]): (Reason | null)[] {
  const answers = useQueries({
    queries: campaigns.map(wanted => ({
      queryKey: ['campaign status', wanted],
      queryFn: () => body(api.GET('/api/v1/campaigns/{wanted}/status', { params: { path: { wanted } } })),
      refetchInterval: LOOK_AGAIN_MS,
    })),
  })
  return answers.map(answer => (answer.data?.reason ?? null) as Reason | null)
}

interface RowProps {
  name: string
  temperature: Temperature
  state: string
  reason: Reason | null
}

function Row({ name, temperature, state, reason }: RowProps) {
  const { t, why } = useSay()
  return (
    <li>
      <div className="row between">
        <span className="row cut">
          <TemperatureIcon of={temperature} size={15} />
          <b className="b cut">{name}</b>
        </span>
        <b className={state === 'running' ? 'b ok' : 'b mut'}>{t(`campaign.state.${state}`)}</b>
      </div>
      {state === 'running' && <p className="sm mut">{why(reason)}</p>}
    </li>
  )
}
