// The built desk in a real Chromium under the service's content policy, with a stand-in for the service.
// npm run e2e, after npm run build
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { axe, launch, open } from './browser.mjs'
import { stage } from './service.mjs'
import * as shift from './shift.mjs'

let browser
before(async () => (browser = await launch()))
after(() => browser.close())

/** Runs a test on a desk that stands as `snapshot` says. */
async function on(snapshot, work, options = {}) {
  const service = await stage({ ...shift.doors(snapshot), ...options.doors })
  const page = await open(browser, service.url + (options.path ?? '/'), options)
  try {
    await work(page, service)
    assert.deepEqual(page.faults, [])
    assert.deepEqual(await page.policyReports(), [])
  } finally {
    await page.context().close()
    service.stop()
  }
}

const last = (service, name) => service.asked.filter(request => request.name === name).at(-1)
const signedOut = { 'GET /me': [401, { code: 'not_signed_in' }] }

// ---------------------------------------------------------------- looks

const SCENES = {
  'sign-in': [
    shift.ready,
    page => page.getByRole('textbox', { name: /adı|name/ }).waitFor(),
    { path: '/signin', doors: signedOut },
  ],
  offline: [shift.offline, page => page.getByRole('button', { name: /Vardiyaya başla|Start the shift/ }).waitFor()],
  ready: [shift.ready, page => page.getByRole('heading', { level: 1 }).waitFor()],
  talking: [shift.talking, page => page.getByRole('heading', { name: 'Ayşe Örnek' }).waitFor()],
  'wrap-up': [
    shift.wrapUp,
    async page => {
      await page.getByRole('radiogroup').first().waitFor()
      await page.keyboard.press('Digit2')
      await page.getByRole('radiogroup').nth(1).waitFor()
    },
  ],
  'call-back': [
    shift.wrapUp,
    async page => {
      await page.getByRole('radiogroup').first().waitFor()
      await page.keyboard.press('Digit3')
      await page.getByRole('combobox').waitFor()
    },
  ],
  'trunk down': [
    shift.trunkDown,
    page =>
      page
        .getByRole('heading', { name: /Dış hat|Outside line/ })
        .first()
        .waitFor(),
  ],
  'connection lost': [
    shift.talking,
    async (page, service) => {
      await page.getByRole('heading', { name: 'Ayşe Örnek' }).waitFor()
      service.closed = true
      service.cut()
      await page.getByRole('heading', { name: /bağlantı koptu|is gone/ }).waitFor()
    },
  ],
}

for (const [name, [snapshot, arrive, options]] of Object.entries(SCENES))
  for (const [language, scheme] of [
    ['tr', 'light'],
    ['en', 'dark'],
  ])
    test(`${name} has no fault of access, ${language}, ${scheme}`, () =>
      on(
        snapshot,
        async (page, service) => {
          await arrive(page, service)

          assert.deepEqual(await axe(page), [])
          const { width, height } = page.viewportSize()
          const size = await page.evaluate(() => [
            document.documentElement.scrollWidth,
            document.documentElement.scrollHeight,
          ])
          assert.deepEqual(size, [width, height], 'the page itself never scrolls')
        },
        { ...options, language, scheme },
      ))

// ---------------------------------------------------------------- a call by keyboard

test('a call from pop to result, by keyboard alone', () =>
  on(shift.ready, async (page, service) => {
    await page.getByRole('heading', { name: 'Sıradaki iş sizi bulacak' }).waitFor()
    const pop = { ...shift.pop(), connected_at: new Date().toISOString() }

    service.say('call.connected', { operator: 'op1', call: 'c1' }, { pop })
    service.say('operator.changed', { operator: 'op1', state: 'talking', call: 'c1' })
    await page.getByRole('heading', { name: 'Ayşe Örnek' }).waitFor()
    assert.equal(await page.title(), 'Görüşmede · Ahize')
    assert.equal(await page.getByText('+90 532 ••• •• 41').isVisible(), true)

    await page.keyboard.press('KeyE')
    await page.keyboard.press('Control+KeyE')
    assert.equal(last(service, 'POST /calls/c1/hangup'), undefined, 'no single key ends a call')
    await page.keyboard.press('Control+Shift+KeyE')
    await page.waitForFunction(() => true)
    service.say('call.ended', { operator: 'op1', call: 'c1', by: 'operator', talk_s: 4 })
    service.say('operator.changed', {
      operator: 'op1',
      state: 'wrap_up',
      call: 'c1',
      until: new Date(Date.now() + 30_000).toISOString(),
    })
    await page.getByText('Siz kapattınız').waitFor()
    assert.notEqual(last(service, 'POST /calls/c1/hangup'), undefined)

    await page.keyboard.press('Digit2')
    await page.keyboard.press('Control+Enter')
    assert.equal(last(service, 'POST /calls/c1/disposition'), undefined, 'a refusal needs its reason')
    assert.equal(await page.getByText('Bir neden seçin').first().isVisible(), true)
    await page.keyboard.press('Digit1')
    await page.keyboard.press('Control+Enter')
    await page.waitForTimeout(200)
    const sent = last(service, 'POST /calls/c1/disposition')
    assert.deepEqual(sent.body, { code: 'refused', reason: 'price' })
    assert.match(sent.headers['idempotency-key'], /^[0-9a-f]{32}$/)
    assert.equal(sent.headers['x-ahize'], '1')

    service.say('operator.changed', { operator: 'op1', state: 'ready' })
    await page.getByRole('heading', { name: 'Sıradaki iş sizi bulacak' }).waitFor()
    assert.equal(await page.evaluate(() => document.activeElement?.getAttribute('data-region')), 'call')
  }))

test('the pop is drawn as its event comes in', () =>
  on(shift.ready, async (page, service) => {
    await page.getByRole('heading', { name: 'Sıradaki iş sizi bulacak' }).waitFor()
    await page.evaluate(() => {
      new MutationObserver(() => {
        if (globalThis.drawn === undefined && document.querySelector('h1')?.textContent === 'Ayşe Örnek')
          requestAnimationFrame(() => (globalThis.drawn ??= performance.now()))
      }).observe(document.body, { childList: true, subtree: true, characterData: true })
      const parse = JSON.parse
      JSON.parse = text => {
        if (String(text).includes('call.connected')) globalThis.arrived ??= performance.now()
        return parse(text)
      }
    })

    service.say('call.connected', { operator: 'op1', call: 'c1' }, { pop: shift.pop() })
    service.say('operator.changed', { operator: 'op1', state: 'talking', call: 'c1' })
    await page.waitForFunction(() => globalThis.drawn !== undefined)

    const took = await page.evaluate(() => globalThis.drawn - globalThis.arrived)
    console.log(`pop drawn ${took.toFixed(0)} ms after its event`)
    assert.ok(took < 1000, `${took} ms`)
  }))

test('digits typed into the note as the call ends stay in the note', () =>
  on(shift.talking, async (page, service) => {
    const note = page.getByRole('textbox', { name: 'Not' })
    await note.fill('Salı ')
    await note.focus()

    service.say('operator.changed', { operator: 'op1', state: 'wrap_up', call: 'c1' })
    await page.getByRole('radiogroup').first().waitFor()
    await page.keyboard.type('3 gün')

    assert.equal(await page.getByRole('textbox', { name: 'Not' }).inputValue(), 'Salı 3 gün')
    assert.equal(await page.getByRole('radio', { checked: true }).count(), 0)
  }))

// ---------------------------------------------------------------- when things go wrong

test('a reload in wrap-up brings back the call, its result and its note', () =>
  on(shift.wrapUp, async page => {
    await page.getByRole('radiogroup').first().waitFor()
    await page.keyboard.press('Digit1')
    await page.getByRole('textbox', { name: 'Not' }).fill('Yarın <b>10</b>’da')

    await page.reload()
    await page.getByRole('heading', { name: 'Ayşe Örnek' }).waitFor()

    assert.equal(await page.getByRole('radio', { checked: true }).getAttribute('data-code'), 'success')
    assert.equal(await page.getByRole('textbox', { name: 'Not' }).inputValue(), 'Yarın <b>10</b>’da')
  }))

test('a result that could not be saved is tried again under the same key', () => {
  let tries = 0
  const doors = {
    'POST /calls/c1/disposition': () => (++tries < 3 ? [503, { code: 'unavailable' }] : { code: 'success' }),
  }
  return on(
    shift.wrapUp,
    async (page, service) => {
      await page.getByRole('radiogroup').first().waitFor()
      await page.keyboard.press('Digit1')

      await page.keyboard.press('Control+Enter')
      await page.getByRole('heading', { name: 'Kaydedilemedi' }).waitFor()
      await page.waitForFunction(() => !document.body.textContent.includes('Kaydedilemedi'), null, { timeout: 8000 })

      const keys = service.asked
        .filter(request => request.name.endsWith('disposition'))
        .map(request => request.headers['idempotency-key'])
      assert.equal(keys.length, 3)
      assert.equal(new Set(keys).size, 1)
    },
    { doors },
  )
})

test('what was written is offered again when wrap-up runs out, and saved then', () =>
  on(shift.wrapUp, async (page, service) => {
    await page.getByRole('radiogroup').first().waitFor()
    await page.getByRole('textbox', { name: 'Not' }).fill('Akşam aransın')

    service.doors = shift.doors(shift.ready)
    service.say('operator.changed', { operator: 'op1', state: 'ready' })
    await page.getByRole('heading', { name: 'Ayşe Örnek: sonuç kaydedilmedi' }).waitFor()
    assert.deepEqual(await axe(page), [])
    await page.reload()
    await page.getByRole('button', { name: 'Aç ve kaydet' }).press('Enter')
    await page.getByRole('radiogroup').first().waitFor()
    assert.deepEqual(await axe(page), [])

    await page.keyboard.press('Digit3')
    await page.keyboard.press('Digit1')
    await page.keyboard.press('Control+Enter')
    await page.getByRole('heading', { name: 'Sıradaki iş sizi bulacak' }).waitFor()
    const { code, note, callback_at: at } = last(service, 'POST /calls/c1/disposition').body
    assert.deepEqual([code, note], ['callback', 'Akşam aransın'])
    assert.ok(Date.parse(at) > Date.now())
    assert.equal(await page.getByText('Elinizde iş yok').isVisible(), true)
  }))

test('after a reload F3 still says what the service knows', () => {
  const desk = shift.talking()
  desk.operator.then = 'not_ready'
  return on(
    () => desk,
    async (page, service) => {
      const after = page.getByRole('button', { name: /^Sonra: Hazır değil/ })
      await after.waitFor()
      await page.reload()
      await after.waitFor()

      await page.keyboard.press('F3')
      await page.waitForTimeout(200)
      assert.deepEqual(last(service, 'PUT /desk/state').body, { state: 'ready' })
    },
  )
})

test('a cut stream shows itself and resumes where it was', () =>
  on(shift.talking, async (page, service) => {
    await page.getByRole('heading', { name: 'Ayşe Örnek' }).waitFor()
    service.closed = true
    service.cut()
    await page.getByText('Hizmete bağlantı koptu').waitFor()
    assert.match(await page.title(), /^Bağlantı gecikti/)

    service.closed = false
    await page.getByRole('button', { name: 'Şimdi dene' }).click()
    await page.getByText('Hizmete bağlantı koptu').waitFor({ state: 'detached' })
    service.say('operator.changed', { operator: 'op1', state: 'wrap_up', call: 'c1' })

    await page.getByRole('radiogroup').first().waitFor()
  }))

test('an ended sign-in leads to the sign-in page', () =>
  on(shift.ready, async (page, service) => {
    await page.getByRole('heading', { name: 'Sıradaki iş sizi bulacak' }).waitFor()
    service.doors = { ...service.doors, ...signedOut }

    service.cut(4401)

    await page.getByRole('button', { name: 'Giriş yap' }).waitFor()
  }))

// ---------------------------------------------------------------- around the desk

test('a one-time link signs in once and leaves no token in the address', () => {
  let me = [401, { code: 'not_signed_in' }]
  const doors = {
    'GET /me': () => me,
    'POST /session/link': ({ token }) => {
      if (token !== 'tok-1') return [410, { code: 'link_gone' }]
      me = shift.me
      return { user: shift.me }
    },
  }
  return on(
    shift.ready,
    async page => {
      await page.getByRole('heading', { name: 'Sıradaki iş sizi bulacak' }).waitFor()

      assert.equal(new URL(page.url()).hash, '')
      assert.equal(new URL(page.url()).pathname, '/')
    },
    { path: '/link#tok-1', doors },
  )
})

test('a used link says so and where to get another', () =>
  on(shift.ready, page => page.getByRole('alert').getByText('Bu bağlantı kullanılmış').waitFor(), {
    path: '/link#old',
    doors: { ...signedOut, 'POST /session/link': [410, { code: 'link_gone' }] },
  }))

test('language and scheme change live, also in a call', () =>
  on(shift.talking, async page => {
    await page.getByRole('heading', { name: 'Neden arıyoruz' }).waitFor()

    await page.getByRole('button', { name: 'English' }).click()
    await page.getByRole('heading', { name: 'Why we call' }).waitFor()
    await page.getByRole('button', { name: 'Switch to dark' }).click()

    assert.equal(await page.evaluate(() => document.documentElement.lang), 'en')
    assert.equal(await page.evaluate(() => getComputedStyle(document.body).backgroundColor), 'rgb(11, 14, 20)')
  }))

test('F6 goes round the regions, F3 pauses, Ctrl+/ shows every key', () =>
  on(shift.ready, async (page, service) => {
    await page.getByRole('heading', { name: 'Sıradaki iş sizi bulacak' }).waitFor()
    const regions = []
    for (let n = 0; n < 6; n++) {
      await page.keyboard.press('F6')
      regions.push(await page.evaluate(() => document.activeElement?.getAttribute('data-region')))
    }
    assert.deepEqual(regions, ['status', 'roster', 'call', 'middle', 'line', 'keys'])

    await page.keyboard.press('Control+/')
    await page.getByRole('dialog', { name: 'Tuşlar' }).waitFor()
    await page.keyboard.press('Escape')
    await page.getByRole('dialog', { name: 'Tuşlar' }).waitFor({ state: 'detached' })

    await page.keyboard.press('F3')
    await page.waitForTimeout(200)
    assert.deepEqual(last(service, 'PUT /desk/state').body, { state: 'not_ready', reason: 'other' })
  }))

test('the state menu is walked by keys and offers what can be chosen', () =>
  on(shift.ready, async (page, service) => {
    await page.getByRole('button', { name: /^Durum: Hazır/ }).press('Enter')
    await page.getByRole('menuitem', { name: 'Mola' }).waitFor()
    assert.deepEqual(await axe(page), [])

    await page.keyboard.press('ArrowDown')
    await page.keyboard.press('Enter')
    await page.waitForTimeout(200)

    assert.deepEqual(last(service, 'PUT /desk/state').body, { state: 'not_ready', reason: 'meeting' })
  }))

test('a supervisor without a phone sees lines and campaigns, not a desk that cannot start', () => {
  const rights = ['desk.work', 'calls.dispose', 'projects.read', 'supervise', 'campaigns.read']
  const supervisor = { ...shift.me, extension: null, grants: [{ project: 'p1', role: 'supervisor' }], rights }
  const campaign = { id: 'k1', name: 'Fiber geçiş', temperature: 'warm', state: 'running' }
  const reason = { code: 'outside_hours', values: { later: 40, opens: '2026-11-24T06:00:00+00:00' } }
  return on(
    shift.trunkDown,
    async page => {
      await page.getByText('Santral kaydı kabul etmedi').waitFor()
      await page.getByText('40 kişi 24 Kas 09:00 bekliyor').waitFor()

      assert.equal(await page.getByText('GET /campaigns').isVisible(), true)
      assert.deepEqual(await axe(page), [])
    },
    {
      doors: {
        'GET /me': supervisor,
        'GET /projects': [200, [{ id: 'p1', name: 'Örnek Net' }]],
        'GET /campaigns': [200, [campaign]],
        'GET /campaigns/k1/status': { state: 'running', reason, counts: {}, next_at: null, pace: null },
      },
    },
  )
})

test('who has no desk sees what the account can do', () => {
  const manager = { ...shift.me, grants: [{ project: null, role: 'manager' }], rights: ['lists.upload', 'system.read'] }
  return on(
    shift.ready,
    async page => {
      await page.getByRole('heading', { name: 'Yapabildikleriniz' }).waitFor()
      await page.getByText('ana-hat').waitFor()

      assert.equal(await page.getByText('Arama listesi yüklemek').isVisible(), true)
      assert.deepEqual(await axe(page), [])
    },
    { doors: { 'GET /me': manager } },
  )
})

test('at 200 % zoom nothing is lost sideways', () =>
  on(
    shift.talking,
    async page => {
      await page.getByRole('heading', { name: 'Ayşe Örnek' }).waitFor()

      assert.equal(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), true)
      assert.equal(await page.getByRole('button', { name: 'Bitir' }).isVisible(), true)
    },
    { width: 640, height: 360 },
  ))
