import type { DeskEvent, Operator, Reason, Snapshot, WrapUp } from '../../api/types'

type Apply = (desk: Snapshot, event: DeskEvent) => Snapshot

const text = (value: unknown): string | null => (typeof value === 'string' ? value : null)
const reason = (value: unknown): Reason | null => (value === null || value === undefined ? null : (value as Reason))

/** States in which a call, talking or just ended, belongs to the operator. */
const ON_A_CALL = new Set(['talking', 'wrap_up'])

/** The desk after one event of the stream. Events that say nothing of this desk leave it as it is. */
export function reduce(desk: Snapshot, event: DeskEvent): Snapshot {
  const apply = APPLY[event.type]
  return apply === undefined || !concerns(desk, event) ? desk : apply(desk, event)
}

/** Whether the desk must be read again: the event told of something without saying it in full. */
export const lacks = (desk: Snapshot, event: DeskEvent): boolean =>
  event.type === 'ahize.campaign.changed.v1' || (ON_A_CALL.has(desk.operator.state) && desk.call === null)

/** States that set anew where the operator goes next; in the others it is as last heard. */
const THEN: Partial<Record<string, string>> = { ready: 'ready', not_ready: 'not_ready', offline: 'not_ready' }

const concerns = (desk: Snapshot, event: DeskEvent): boolean =>
  event.data.operator === undefined || event.data.operator === desk.operator.id

const operatorChanged: Apply = (desk, event) => {
  const operator: Operator = {
    ...desk.operator,
    state: text(event.data.state) ?? desk.operator.state,
    since: event.time,
    reason: reason(event.data.reason),
    until: text(event.data.until),
    call: text(event.data.call),
    then: THEN[text(event.data.state) ?? ''] ?? desk.operator.then,
  }
  if (!ON_A_CALL.has(operator.state)) return { ...desk, operator, call: null, wrap_up: null }
  const call = desk.call?.call === operator.call ? desk.call : null
  const wrap_up = operator.state === 'wrap_up' ? waiting(desk, operator, event.time) : null
  return { ...desk, operator, call, wrap_up }
}

const waiting = (desk: Snapshot, { call, until }: Operator, now: string): WrapUp | null => {
  if (call === null) return null
  const known = desk.wrap_up?.call === call ? desk.wrap_up : { call, ended_at: now, disposition: null }
  return { ...known, until }
}

const callConnected: Apply = (desk, event) =>
  event.pop === undefined ? desk : { ...desk, call: event.pop, wrap_up: null }

const callEnded: Apply = (desk, event) => {
  const call = text(event.data.call)
  if (call === null || desk.call?.call !== call) return desk
  const ended = { ended_at: event.time, ended_by: text(event.data.by) ?? 'unknown' }
  return { ...desk, wrap_up: { until: null, disposition: null, ...desk.wrap_up, call, ...ended } }
}

const callDisposed: Apply = (desk, event) =>
  desk.wrap_up?.call === event.data.call
    ? { ...desk, wrap_up: { ...desk.wrap_up, disposition: text(event.data.disposition) } as WrapUp }
    : desk

const trunkChanged: Apply = (desk, event) => {
  const changed = {
    name: text(event.data.trunk) ?? '',
    up: event.data.up === true,
    reason: reason(event.data.reason),
  }
  const known = desk.trunks.some(trunk => trunk.name === changed.name)
  const trunks = desk.trunks.map(trunk => (trunk.name === changed.name ? changed : trunk))
  return { ...desk, trunks: known ? trunks : [...trunks, changed] }
}

const campaignPaced: Apply = (desk, event) => ({
  ...desk,
  campaigns: desk.campaigns.map(campaign =>
    campaign.id === event.data.campaign ? { ...campaign, reason: reason(event.data.reason) } : campaign,
  ),
})

const APPLY: Partial<Record<string, Apply>> = {
  'ahize.operator.changed.v1': operatorChanged,
  'ahize.call.connected.v1': callConnected,
  'ahize.call.ended.v1': callEnded,
  'ahize.call.disposed.v1': callDisposed,
  'ahize.trunk.changed.v1': trunkChanged,
  'ahize.campaign.paced.v1': campaignPaced,
}
