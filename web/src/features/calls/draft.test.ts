// @vitest-environment jsdom
import { act, renderHook } from '@testing-library/react'
import { describe, expect, it, vi } from 'vitest'
import { pop } from '../../shared/testing/desk'
import { forgetDraft, forgetDrafts, unsentCalls, useDraft, watchDrafts, type Draft } from './draft'

/** One call at the desk: what is written, then the call is gone. */
function write(call: string, change: Partial<Draft>): void {
  const { result, unmount } = renderHook(() => useDraft(pop(call)))
  act(() => result.current[1](change))
  unmount()
}

const unsent = () => unsentCalls().map(each => each.call)

describe('what was written and not saved', () => {
  it('is there after the call has gone, the oldest first', () => {
    vi.useFakeTimers({ now: 2000 })
    write('c2', { note: 'Salı 3’te' })
    vi.setSystemTime(1000)
    write('c1', { result: 'success' })
    vi.useRealTimers()

    expect(unsent()).toEqual(['c1', 'c2'])
    expect(renderHook(() => useDraft(pop('c2'))).result.current[0].note).toBe('Salı 3’te')
  })

  it('is told of as the call goes', () => {
    const told = vi.fn()
    const stop = watchDrafts(told)

    write('c1', { note: 'x' })
    stop()

    expect(told).toHaveBeenCalled()
  })

  it('is nothing when nothing was said', () => {
    write('c1', { note: '  ' })

    expect(unsent()).toEqual([])
  })

  it('is gone once saved, and all of it at sign-out', () => {
    write('c1', { note: 'x' })
    write('c2', { note: 'y' })

    forgetDraft('c1')
    expect(unsent()).toEqual(['c2'])
    forgetDrafts()

    expect(sessionStorage).toHaveLength(0)
  })

  it('keeps no facts and no history of the customer', () => {
    const { result } = renderHook(() =>
      useDraft({ ...pop('c1'), script: 'gizli', person: { ...pop().person, fields: { Adres: 'Örnek Mah.' } } }),
    )
    act(() => result.current[1]({ note: 'x' }))

    expect(JSON.stringify(Object.entries(sessionStorage))).not.toMatch(/gizli|Örnek Mah/)
  })
})
