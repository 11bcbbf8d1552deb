import { describe, expect, it } from 'vitest'
import type { DeskEvent } from '../../api/types'
import { desk, pop } from '../../shared/testing/desk'
import { lacks, reduce } from './reduce'

const AT = '2026-11-23T11:31:00+00:00'
const event = (name: string, data: Record<string, unknown>, more: Partial<DeskEvent> = {}): DeskEvent => ({
  id: '1',
  type: `ahize.${name}.v1`,
  time: AT,
  subject: '',
  data,
  ...more,
})
const changed = (state: string, more: Record<string, unknown> = {}) =>
  event('operator.changed', { operator: 'op1', state, ...more })

const talking = () =>
  reduce(
    reduce(desk('ready'), event('call.connected', { operator: 'op1', call: 'c1' }, { pop: pop() })),
    changed('talking', { call: 'c1' }),
  )

describe('the desk after an event', () => {
  it('shows the popped call as soon as it is connected', () => {
    const after = talking()

    expect(after.call?.person.name).toBe('Ayşe Örnek')
    expect(after.operator).toMatchObject({ state: 'talking', call: 'c1', since: AT })
  })

  const ended = event('call.ended', { operator: 'op1', call: 'c1', by: 'customer', talk_s: 60 })
  const wrapping = changed('wrap_up', { call: 'c1', until: '2026-11-23T11:32:00+00:00' })

  it.each([
    ['the end', [ended, wrapping]],
    ['the state', [wrapping, ended]],
  ])('keeps the call for its result when %s comes first', (_first, events) => {
    const after = events.reduce(reduce, talking())

    expect(after.call?.call).toBe('c1')
    expect(after.wrap_up).toMatchObject({ call: 'c1', ended_by: 'customer', until: '2026-11-23T11:32:00+00:00' })
  })

  it('clears the call when the operator is free again', () => {
    const wrapping = reduce(talking(), changed('wrap_up', { call: 'c1' }))

    const after = reduce(wrapping, changed('ready'))

    expect(after.call).toBeNull()
    expect(after.wrap_up).toBeNull()
  })

  it("leaves alone what is told of a colleague's desk", () => {
    const before = talking()

    expect(reduce(before, event('operator.changed', { operator: 'op2', state: 'offline' }))).toBe(before)
    expect(reduce(before, event('call.ended', { operator: 'op2', call: 'c1' }))).toBe(before)
  })

  it('does not take the end of another call for the end of this one', () => {
    expect(reduce(talking(), event('call.ended', { operator: 'op1', call: 'c0' })).wrap_up).toBeNull()
  })

  it('says that it lacks the call when the state came without it', () => {
    const told = changed('talking', { call: 'c9' })

    const after = reduce(desk('ready'), told)

    expect(after.call).toBeNull()
    expect(lacks(after, told)).toBe(true)
    expect(lacks(talking(), told)).toBe(false)
  })

  it('marks a trunk as down with its reason', () => {
    const after = reduce(
      desk('ready'),
      event('trunk.changed', { trunk: 'main', up: false, reason: { code: 'no_answer', values: {} } }),
    )

    expect(after.trunks).toEqual([{ name: 'main', up: false, reason: { code: 'no_answer', values: {} } }])
  })

  it('is unmoved by events that it does not know', () => {
    const before = desk('ready')

    expect(reduce(before, event('list.progressed', {}))).toBe(before)
  })
})
