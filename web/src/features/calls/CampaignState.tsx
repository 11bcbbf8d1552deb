import { useSay } from '../../locales/useSay'
import type { DeskCampaign, Snapshot } from '../../api/types'
import { lineless } from '../status/line'

/** Whether a campaign can bring work now: running, paused, or waiting for a line. */
export function CampaignState({ of, desk }: { of: DeskCampaign; desk: Snapshot }) {
  const { t } = useSay()
  const state = of.state === 'running' && lineless(desk) ? 'waits' : of.state
  const tone = { running: 'ok', waits: 'warn' }[state] ?? 'mut'
  return <span className={tone}>{t(`campaign.state.${state}`)}</span>
}
