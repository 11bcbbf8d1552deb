// One operator, three campaigns and one customer, as the service tells of them.
const ago = seconds => new Date(Date.now() - seconds * 1000).toISOString()
const ahead = seconds => ago(-seconds)

export const me = {
  id: 'op1',
  login: 'deniz.deneme',
  name: 'Deniz Deneme',
  locale: 'tr',
  extension: '1001',
  grants: [{ project: null, role: 'operator' }],
  rights: ['desk.work', 'calls.dispose', 'projects.read'],
  must_set_password: false,
}

const label = (tr, en) => ({ tr, en })
const result = (code, key, tr, en, flags = [], reasons = []) => ({
  code,
  key,
  label: label(tr, en),
  flags,
  needs_reason: reasons.length > 0,
  reasons,
})

export const pop = () => ({
  call: 'c1',
  direction: 'out',
  attempt: 'a1',
  project: { id: 'p1', name: 'Örnek Net' },
  campaign: { id: 'k2', name: 'Fiber geçiş', temperature: 'warm' },
  person: {
    id: 'n1',
    name: 'Ayşe Örnek',
    number_masked: '+90 532 ••• •• 41',
    local_time_zone: 'Europe/Istanbul',
    fields: {
      'Bugünkü ürün': 'ADSL 24',
      Ücret: '₺389/ay',
      'Taahhüt bitişi': '11 Aralık',
      Adres: 'Örnek Mah.',
      Yeni: '649 lira',
    },
  },
  why: {
    code: 'warm_last',
    values: {},
    text: label(
      'Eski müşteri, son görüşme 11 Haziran 14:12: Reddetti (fiyat yüksek)',
      'Former customer, last spoken 11 June 14:12: Refused (price)',
    ),
  },
  script:
    '“Ayşe Örnek ile mi görüşüyorum? Ben Deniz, Örnek Net’ten arıyorum. Haziranda fiyatı yüksek bulmuştunuz; aynı paket bugün 649 lira.”\n' +
    '“Bugün ADSL 24 kullanıyorsunuz ve taahhüdünüz 11 Aralık tarihinde bitiyor. Kurulum ücretsiz. Sizin için ayıralım mı?”',
  history: [
    {
      at: '2026-06-11T11:12:00+00:00',
      direction: 'out',
      outcome: 'connected',
      disposition: 'refused',
      note: 'Rakipte ₺690 ödüyor, fiyat düşerse dinler.',
    },
    { at: '2026-06-09T08:40:00+00:00', direction: 'out', outcome: 'no_answer', disposition: null },
    { at: '2026-05-02T13:05:00+00:00', direction: 'in', outcome: 'connected', disposition: 'success' },
  ],
  dispositions: [
    result('success', '1', 'Satış', 'Sale', ['success']),
    result(
      'refused',
      '2',
      'Reddetti',
      'Refused',
      ['refusal'],
      [
        { code: 'price', label: label('Fiyat yüksek', 'Price') },
        { code: 'has_another', label: label('Rakipten memnun', 'Happy elsewhere') },
        { code: 'bound', label: label('Taahhüdü sürüyor', 'Under contract') },
        { code: 'not_needed', label: label('İhtiyacı yok', 'Does not need it') },
        { code: 'unhappy', label: label('Hizmetten şikâyetçi', 'Unhappy with us') },
        { code: 'other', label: label('Başka', 'Other') },
      ],
    ),
    result('callback', '3', 'Geri aranacak', 'Call back', ['callback']),
    result('undecided', '4', 'Düşünecek', 'Undecided'),
    result('wrong_person', '5', 'Aranan kişi değil', 'Not the person'),
    result('wrong_number', '6', 'Yanlış numara', 'Wrong number', ['wrong_number']),
    result('do_not_call', '7', 'Aranmak istemiyor', 'Do not call again', ['do_not_call']),
    result('machine', '8', 'Telesekreter', 'Answering machine', ['machine']),
  ],
  connected_at: ago(134),
})

const campaigns = [
  { id: 'k1', project: 'p1', name: 'Site başvuruları', temperature: 'hot', mode: 'progressive', state: 'running' },
  { id: 'k2', project: 'p1', name: 'Fiber geçiş', temperature: 'warm', mode: 'progressive', state: 'running' },
  { id: 'k3', project: 'p1', name: 'Kart tanıtımı', temperature: 'cold', mode: 'predictive', state: 'paused' },
]

const desk = (state, more = {}) => ({
  epoch: 'e1',
  position: 0,
  call: null,
  wrap_up: null,
  campaigns,
  trunks: [{ name: 'ana-hat', up: true, reason: null }],
  ...more,
  operator: {
    id: 'op1',
    name: 'Deniz Deneme',
    extension: '1001',
    state,
    reason: null,
    since: ago(38),
    until: null,
    call: null,
    then: 'ready',
    ...more.operator,
  },
})

export const ready = () => desk('ready')
export const offline = () => desk('offline', { operator: { since: null } })
export const talking = () => desk('talking', { call: pop(), operator: { call: 'c1', since: ago(134) } })
export const wrapUp = () =>
  desk('wrap_up', {
    call: { ...pop(), connected_at: ago(425) },
    wrap_up: { call: 'c1', until: ahead(36), ended_at: ago(24), disposition: null },
    operator: { call: 'c1', since: ago(24), until: ahead(36) },
  })
export const trunkDown = () =>
  desk('ready', {
    trunks: [{ name: 'ana-hat', up: false, reason: { code: 'registration_refused', values: { status: 403 } } }],
  })

/** What the doors answer while the desk stands as `snapshot` tells. */
export const doors = (snapshot, person = me) => ({
  'GET /health': { status: 'ok' },
  'GET /me': person,
  'GET /desk': snapshot,
  'PUT /desk/state': [204],
  'GET /calls/c1': { id: 'c1', ended_by: 'customer', connected_at: null, ended_at: null },
  'POST /calls/c1/hangup': [204],
  'POST /calls/c1/disposition': { call: 'c1', code: 'success', disposed_at: ago(0) },
  'GET /system': { version: '0.1.0', trunks: [{ name: 'ana-hat', up: true, reason: null }] },
})
