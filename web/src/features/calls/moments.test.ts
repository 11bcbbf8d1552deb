import { describe, expect, it } from 'vitest'
import { clockTime, dayName, daysAhead, quickMoments } from './moments'

describe('a call-back', () => {
  it.each([
    ['14:30', '14:30'],
    ['14.30', '14:30'],
    ['1430', '14:30'],
    ['930', '09:30'],
    ['9', '09:00'],
    [' 8:05 ', '08:05'],
    ['24:00', null],
    ['12:60', null],
    ['', null],
    ['öğlen', null],
  ])('reads %j as %s', (typed, time) => {
    expect(clockTime(typed)).toBe(time)
  })

  it('offers only moments that lie ahead where the customer is', () => {
    const sunday1905 = Date.parse('2026-11-22T16:05:00Z')

    expect(quickMoments('Europe/Istanbul', sunday1905)).toEqual([
      ['hour', { day: '2026-11-22', time: '20:15' }],
      ['tomorrow', { day: '2026-11-23', time: '10:00' }],
    ])
  })

  it("begins with the customer's own today", () => {
    const lateInLondon = Date.parse('2026-11-22T22:30:00Z')

    expect(daysAhead('Europe/Istanbul', lateInLondon)[0]).toBe('2026-11-23')
    expect(daysAhead('Europe/London', lateInLondon)[0]).toBe('2026-11-22')
  })

  it('names the near days as one says them', () => {
    expect(dayName('2026-11-23', '2026-11-23', 'tr-TR')).toMatch(/^bugün · /)
    expect(dayName('2026-11-24', '2026-11-23', 'en-GB')).toMatch(/^tomorrow · /)
    expect(dayName('2026-11-26', '2026-11-23', 'tr-TR')).toContain('26')
  })
})
