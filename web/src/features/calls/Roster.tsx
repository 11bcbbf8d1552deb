import { useSay } from '../../locales/useSay'
import type { Pop, Snapshot } from '../../api/types'
import { CampaignState } from './CampaignState'
import { IconNote } from '../../shared/icons'
import { StateGlyph } from '../../shared/StateGlyph'
import type { ScreenState } from '../../shared/states'
import { TemperatureIcon } from '../../shared/Temperature'
import { span } from '../../shared/time'
import { useNow } from '../../shared/useNow'

/** What is in hand, and where it comes from. */
interface Props {
  desk: Snapshot
  state: ScreenState
  /** Calls whose result was written and not saved. */
  unsent: Pop[]
  onOpen: (pop: Pop) => void
}

export function Roster({ desk, state, unsent, onOpen }: Props) {
  const { t } = useSay()
  const call = desk.call
  const inHand = (call === null ? 0 : 1) + unsent.length
  return (
    <aside className="roster" data-region="roster" tabIndex={-1} aria-label={t('roster.title')}>
      <div className="roster-head">
        <h2 className="grow">{t('roster.title')}</h2>
        <span className="num">{inHand}</span>
      </div>
      {inHand === 0 ? (
        <p className="roster-empty">{t('roster.empty')}</p>
      ) : (
        <ul>
          <Item desk={desk} state={state} />
          {unsent.map(pop => (
            <Unsent key={pop.call} pop={pop} locked={call !== null} onOpen={onOpen} />
          ))}
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

/** A call whose result was not saved in time. During a call it waits. */
function Unsent({ pop, locked, onOpen }: { pop: Pop; locked: boolean; onOpen: (pop: Pop) => void }) {
  const { t } = useSay()
  return (
    <li data-state="wrapup">
      <button type="button" className="item waits" aria-disabled={locked} onClick={() => !locked && onOpen(pop)}>
        <span className="item-sign">
          <IconNote size={16} stroke={1.75} aria-hidden="true" />
        </span>
        <span className="item-name cut">{pop.person.name ?? t('calls.unknown')}</span>
        <span />
        <span className="item-what cut">{t(locked ? 'unsent.busy' : 'unsent.item')}</span>
      </button>
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
            <span className="grow cut" title={campaign.name}>
              {campaign.name}
            </span>
            <CampaignState of={campaign} desk={desk} />
          </li>
        ))}
      </ul>
    </div>
  )
}
