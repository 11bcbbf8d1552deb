import { useSay } from '../../locales/useSay'
import type { Link } from '../../api/stream'
import type { DeskCampaign, Me, Snapshot } from '../../api/types'
import { IconKeyboard, IconPhone, IconSpeakerphone } from '../../shared/icons'
import { CampaignState } from './CampaignState'
import { KeyList } from '../../shared/keys/KeyList'
import { Panel } from '../../shared/Panel'
import { TemperatureIcon } from '../../shared/Temperature'

interface Props {
  me: Me
  desk: Snapshot
  link: Link
}

export function IdlePanels({ me, desk, link }: Props) {
  const { t } = useSay()
  return (
    <div className="cols idle">
      <Panel
        title={t('idle.campaigns')}
        icon={<IconSpeakerphone size={17} stroke={1.75} aria-hidden="true" />}
        region="middle"
        aside={<span className="xs dim num">{desk.campaigns.length}</span>}
      >
        {desk.campaigns.length === 0 ? (
          <p className="mut">{t('idle.noCampaigns')}</p>
        ) : (
          <ul className="comes">
            {desk.campaigns.map(campaign => (
              <Campaign key={campaign.id} campaign={campaign} desk={desk} />
            ))}
          </ul>
        )}
      </Panel>
      <Panel title={t('idle.line')} icon={<IconPhone size={17} stroke={1.75} aria-hidden="true" />} region="line">
        <Lines me={me} desk={desk} link={link} />
      </Panel>
      <Panel title={t('idle.keys')} icon={<IconKeyboard size={17} stroke={1.75} aria-hidden="true" />} region="keys">
        <KeyList />
      </Panel>
    </div>
  )
}

function Campaign({ campaign, desk }: { campaign: DeskCampaign; desk: Snapshot }) {
  const { t, why } = useSay()
  const said = outdated(campaign, desk) ? '' : why(campaign.reason)
  return (
    <li className="row top">
      <span className="mut" title={t(`temperature.${campaign.temperature}`)}>
        <TemperatureIcon of={campaign.temperature} />
      </span>
      <div className="grow">
        <b className="b">{campaign.name}</b>
        <p className="sm">
          <CampaignState of={campaign} desk={desk} />
          {said !== '' && <span className="mut"> · {said}</span>}
        </p>
      </div>
    </li>
  )
}

/** The engine has not looked since this operator became ready: what it said of operators before would confuse. */
const outdated = ({ reason }: DeskCampaign, { operator }: Snapshot): boolean =>
  operator.state === 'ready' && (reason?.code === 'no_operator_ready' || reason?.code === 'no_operators')

function Lines({ me, desk, link }: Props) {
  const { t, why } = useSay()
  const extension = me.extension
  const joined = desk.operator.state !== 'offline' && desk.operator.state !== 'connecting'
  const phone = extension === null ? 'idle.phoneNone' : joined ? 'idle.phoneJoined' : 'idle.phoneAway'
  return (
    <dl className="facts">
      {desk.trunks.map(trunk => (
        <Fact key={trunk.name} name={t('idle.trunk', { name: trunk.name })} tone={trunk.up ? 'ok' : 'bad'}>
          {trunk.up ? t('idle.trunkUp') : why(trunk.reason)}
        </Fact>
      ))}
      <Fact name={t('idle.phone')}>{t(phone, { extension })}</Fact>
      <Fact name={t('idle.service')} tone={link === 'live' ? 'ok' : 'warn'}>
        {t(`status.link.${link === 'idle' || link === 'ended' ? 'opening' : link}`)}
      </Fact>
    </dl>
  )
}

function Fact({ name, tone = '', children }: { name: string; tone?: string; children: string }) {
  return (
    <>
      <dt>{name}</dt>
      <dd className={tone}>{children}</dd>
    </>
  )
}
