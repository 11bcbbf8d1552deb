import { useSay } from '../../locales/useSay'
import type { Snapshot } from '../../api/types'
import { CampaignState } from './CampaignState'
import { StateGlyph } from '../../shared/StateGlyph'
import type { ScreenState } from '../../shared/states'
import { TemperatureIcon } from '../../shared/Temperature'
import { span } from '../../shared/time'
import { useNow } from '../../shared/useNow'

/** What is in hand, and where it comes from. */
export function Roster({ desk, state }: { desk: Snapshot; state: ScreenState }) {
  const { t } = useSay()
  const call = desk.call
  return (
    <aside className="roster" data-region="roster" tabIndex={-1} aria-label={t('roster.title')}>
      <div className="roster-head">
        <h2 className="grow">{t('roster.title')}</h2>
        <span className="num">{call === null ? 0 : 1}</span>
      </div>
      {call === null ? (
        <p className="roster-empty">{t('roster.empty')}</p>
      ) : (
        <ul>
          <Item desk={desk} state={state} />
        </ul>
      )}
      <Campaigns desk={desk} />
    </aside>
  )
}

function Item({ desk, state }: { desk: Snapshot; state: ScreenState }) {
  const { t } = useSay()
  const now = useNow()
  const call = desk.call
  if (call === null) return null
  const since = state === 'wrapup' ? desk.operator.since : (call.connected_at ?? desk.operator.since)
  const from = call.campaign?.name ?? call.project.name
  return (
    <li className="item on" data-state={state}>
      <span className="item-sign">
        <StateGlyph state={state} size={16} />
      </span>
      <span className="item-name cut">{call.person.name ?? t('calls.unknown')}</span>
      <span className="item-time num">{since === null ? '' : span((now - Date.parse(since)) / 1000)}</span>
      <span className="item-what cut">
        {state === 'wrapup' ? t('roster.wrapup') : `${from} · ${t(`roster.${call.direction}`)}`}
      </span>
    </li>
  )
}

function Campaigns({ desk }: { desk: Snapshot }) {
  const { t } = useSay()
  return (
    <div className="roster-foot">
      <div className="roster-head">
        <h2 className="grow">{t('roster.campaigns')}</h2>
      </div>
      {desk.campaigns.length === 0 && <p className="roster-empty">{t('roster.noCampaigns')}</p>}
      <ul>
        {desk.campaigns.map(campaign => (
          <li key={campaign.id} className="roster-row">
            <TemperatureIcon of={campaign.temperature} size={15} />
            <span className="grow cut">{campaign.name}</span>
            <CampaignState of={campaign} desk={desk} />
          </li>
        ))}
      </ul>
    </div>
  )
}
