import type { components } from './schema.gen'

/**
 * The shapes that the desk speaks with the service: generated where the service describes them, written here for what
 * comes by the event stream. Times are ISO 8601 with zone.
 */
type Schemas = components['schemas']

export type Me = Schemas['Me']
export type Result = Schemas['Result']
export type CallShown = Schemas['CallShown']
export type Wish = Schemas['StateIn']

export type Locale = 'tr' | 'en'
export type Texts = Record<Locale, string>
export type Values = Record<string, string | number | boolean | null>

/** Why something is so: the code is stable, the page has its sentence. */
export interface Reason {
  code: string
  values: Values
}

export interface Operator {
  id: string
  name: string
  extension: string | null
  state: string
  reason: Reason | null
  since: string | null
  until: string | null
  call: string | null
  /** Where to after what is done now. */
  then: string
}

export type Temperature = 'cold' | 'warm' | 'hot'
export type Direction = 'in' | 'out'

export interface Disposition {
  code: string
  label: Texts
  key: string | null
  needs_reason: boolean
  reasons: { code: string; label: Texts }[]
  flags: string[]
}

/** One earlier call or attempt; `disposition` is a code of the project's results. */
export interface Contact {
  at: string
  direction: Direction
  outcome: string
  disposition: string | null
  note?: string | null
}

/** What pops up with a call: who, why, and what to say. */
export interface Pop {
  call: string
  direction: Direction
  attempt: string | null
  project: { id: string; name: string }
  campaign: { id: string; name: string; temperature: Temperature } | null
  person: {
    id: string | null
    name: string | null
    number_masked: string | null
    local_time_zone: string
    fields: Record<string, string>
  }
  why: { code: string; values: Values; text: Texts }
  script: string | null
  history: Contact[]
  dispositions: Disposition[]
  connected_at: string | null
}

/** A call that is over and waits for its result until `until`. Who ended it comes with the event, or is asked for. */
export interface WrapUp {
  call: string
  until: string | null
  ended_at: string | null
  disposition: string | null
  ended_by?: string
}

export interface DeskCampaign {
  id: string
  project: string
  name: string
  temperature: Temperature
  mode: string
  state: string
  reason?: Reason | null
}

export interface Trunk {
  name: string
  up: boolean
  reason: Reason | null
}

/** The whole desk at one position of the event stream. `call` stays while its result is waited for. */
export interface Snapshot {
  epoch: string
  position: number
  operator: Operator
  call: Pop | null
  wrap_up: WrapUp | null
  campaigns: DeskCampaign[]
  trunks: Trunk[]
}

export interface DeskEvent {
  id: string
  type: string
  time: string
  subject: string
  data: Record<string, unknown>
  pop?: Pop
}
