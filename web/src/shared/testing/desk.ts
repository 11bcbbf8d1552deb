import type { Disposition, Pop, Snapshot } from '../../api/types'

export const result = (code: string, more: Partial<Disposition> = {}): Disposition => ({
  code,
  label: { tr: code, en: code },
  key: null,
  needs_reason: false,
  reasons: [],
  flags: [],
  ...more,
})

export const REFUSED = result('refused', {
  key: '2',
  needs_reason: true,
  reasons: [{ code: 'price', label: { tr: 'Fiyat', en: 'Price' } }],
})
export const CALLBACK = result('callback', { key: '3', flags: ['callback'] })

export const pop = (call = 'c1'): Pop => ({
  call,
  direction: 'out',
  attempt: 'a1',
  project: { id: 'p1', name: 'Örnek Net' },
  campaign: { id: 'k1', name: 'Fiber geçiş', temperature: 'warm' },
  person: {
    id: 'n1',
    name: 'Ayşe Örnek',
    number_masked: '+90 532 ••• •• 41',
    local_time_zone: 'Europe/Istanbul',
    fields: {},
  },
  why: { code: 'warm_first', values: {}, text: { tr: 'Eski müşteri', en: 'Former customer' } },
  script: null,
  history: [],
  dispositions: [result('success', { key: '1' }), REFUSED, CALLBACK],
  connected_at: '2026-11-23T11:30:00+00:00',
})

export const desk = (state: string, more: Partial<Snapshot> = {}): Snapshot => ({
  epoch: 'e1',
  position: 10,
  operator: {
    id: 'op1',
    name: 'Deniz',
    extension: '1001',
    state,
    reason: null,
    since: '2026-11-23T11:00:00+00:00',
    until: null,
    call: null,
    then: 'ready',
  },
  call: null,
  wrap_up: null,
  campaigns: [],
  trunks: [{ name: 'main', up: true, reason: null }],
  ...more,
})
