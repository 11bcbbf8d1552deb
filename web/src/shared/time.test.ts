import { describe, expect, it } from 'vitest'
import { instantIn, localIn, span, timeIn } from './time'

describe('times', () => {
  it.each([
    [0, '00:00'],
    [134, '02:14'],
    [3599.9, '59:59'],
    [3723, '1:02:03'],
    [-5, '00:00'],
  ])('%d seconds are %s', (seconds, shown) => {
    expect(span(seconds)).toBe(shown)
  })

  it('knows the time elsewhere, and says nothing of zones that it does not know', () => {
    const noon = Date.parse('2026-11-23T12:00:00Z')

    expect(timeIn('Europe/Istanbul', noon, 'tr-TR')).toBe('15:00')
    expect(timeIn('Nowhere/Land', noon, 'tr-TR')).toBeNull()
  })

  it.each([
    ['Europe/Istanbul', '2026-11-23T14:30', '2026-11-23T11:30:00.000Z'],
    ['Europe/Berlin', '2026-07-01T09:00', '2026-07-01T07:00:00.000Z'],
    ['Europe/Berlin', '2026-10-25T01:30', '2026-10-24T23:30:00.000Z'],
    ['Europe/Berlin', '2026-03-29T12:00', '2026-03-29T10:00:00.000Z'],
    ['America/New_York', '2026-11-23T00:00', '2026-11-23T05:00:00.000Z'],
  ])('%s %s is %s, there and back', (zone, local, instant) => {
    expect(instantIn(zone, local)?.toISOString()).toBe(instant)
    expect(localIn(zone, Date.parse(instant))).toBe(local)
  })

  it('is nothing where no time was said', () => {
    expect(instantIn('Europe/Istanbul', 'T')).toBeNull()
  })
})
