import { describe, expect, it } from 'vitest'
import { CALLBACK, REFUSED, result } from '../../shared/testing/desk'
import type { Draft } from './draft'
import { missing, resultOf } from './result'

const ZONE = 'Europe/Istanbul'
const NOW = Date.parse('2026-11-23T11:00:00Z')
const results = [result('success'), REFUSED, CALLBACK]
const draft = (more: Partial<Draft>): Draft => ({
  result: null,
  reason: null,
  note: '',
  day: '',
  time: '',
  at: null,
  ...more,
})

describe('a result', () => {
  it.each<[Partial<Draft>, string | null]>([
    [{}, 'pickResult'],
    [{ result: 'gone' }, 'pickResult'],
    [{ result: 'success' }, null],
    [{ result: 'refused' }, 'pickReason'],
    [{ result: 'refused', reason: 'of another result' }, 'pickReason'],
    [{ result: 'refused', reason: 'price' }, null],
    [{ result: 'callback' }, 'pickCallback'],
    [{ result: 'callback', day: '2026-11-24' }, 'pickCallback'],
    [{ result: 'callback', day: '2026-11-24', time: '25:00' }, 'pickCallback'],
    [{ result: 'callback', day: '2026-11-23', time: '13:59' }, 'pastCallback'],
    [{ result: 'callback', day: '2026-11-23', time: '1430' }, null],
  ])('%j lacks %s', (change, lacks) => {
    expect(missing(draft(change), results, ZONE, NOW)).toBe(lacks)
  })

  it("promises the call-back by the customer's clock", () => {
    const said = resultOf(draft({ result: 'callback', day: '2026-11-24', time: '10' }), results, ZONE)

    expect(said).toEqual({ code: 'callback', callback_at: '2026-11-24T07:00:00.000Z' })
  })

  it('sends only what its result asks for', () => {
    const said = resultOf(
      draft({ result: 'success', reason: 'price', note: '  iyi  ', day: '2026-11-24', time: '10' }),
      results,
      ZONE,
    )

    expect(said).toEqual({ code: 'success', note: 'iyi' })
  })
})
