import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { clock } from './clock'
import { EventStream, SIGN_IN_ENDED, TRANSITIONS, type Link, type Wire } from './stream'
import type { Snapshot } from './types'

class FakeWire implements Wire {
  sent: string[] = []
  closed = false
  readonly #listeners = new Map<string, (event: object) => void>()
  constructor(readonly query: string) {}
  addEventListener(type: string, listener: (event: never) => void): void {
    this.#listeners.set(type, listener as (event: object) => void)
  }
  send(text: string): void {
    this.sent.push(text)
  }
  close(): void {
    this.closed = true
  }
  hear(frame: object): void {
    this.#listeners.get('message')?.({ data: JSON.stringify(frame) })
  }
  cut(code = 1006): void {
    this.#listeners.get('close')?.({ code })
  }
}

const hello = (epoch = 'e1') => ({ type: 'hello', epoch, position: 10, resumed: true })
const event = (position: number) => ({
  type: 'event',
  position,
  event: { id: String(position), type: 't', time: '', subject: '', data: {} },
})

function setUp() {
  const wires: FakeWire[] = []
  const links: Link[] = []
  const positions: number[] = []
  const snapshots: Snapshot[] = []
  const stream = new EventStream(
    query => {
      const wire = new FakeWire(query)
      wires.push(wire)
      return wire
    },
    {
      event: (_event, position) => positions.push(position),
      resync: snapshot => snapshots.push(snapshot),
      link: link => links.push(link),
      desks: () => undefined,
    },
    () => 1,
  )
  const wire = () => wires.at(-1) ?? new FakeWire('never opened')
  return { stream, wires, wire, links, positions, snapshots }
}

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

describe('the event stream', () => {
  it('opens where the snapshot ended and gives each event once', () => {
    const { stream, wire, positions, links } = setUp()

    stream.start('e1', 10)
    wire().hear(hello())
    wire().hear(event(11))
    wire().hear(event(11))
    wire().hear(event(14))

    expect(wire().query).toBe('?after=10&epoch=e1')
    expect(positions).toEqual([11, 14])
    expect(links).toEqual(['opening', 'live'])
  })

  it('comes back after a cut and resumes after the last event it has seen', () => {
    const { stream, wires, wire, links } = setUp()
    stream.start('e1', 10)
    wire().hear(hello())
    wire().hear(event(12))

    wire().cut()
    vi.advanceTimersByTime(250)
    wire().hear(hello())

    expect(wires).toHaveLength(2)
    expect(wire().query).toBe('?after=12&epoch=e1')
    expect(links).toEqual(['opening', 'live', 'lost', 'live'])
  })

  it('waits longer after each failure and starts over once it has been heard', () => {
    const { stream, wires, wire } = setUp()
    stream.start('e1', 10)
    for (const wait of [250, 500, 1000, 2000, 4000, 8000, 8000]) {
      const before = wires.length
      wire().cut()
      vi.advanceTimersByTime(wait - 1)
      expect(wires).toHaveLength(before)
      vi.advanceTimersByTime(1)
      expect(wires).toHaveLength(before + 1)
    }

    wire().hear(hello())
    wire().cut()
    vi.advanceTimersByTime(250)

    expect(wires).toHaveLength(9)
  })

  it('takes a new epoch from the resync, not from old positions', () => {
    const { stream, wire, snapshots, positions } = setUp()
    stream.start('e1', 500)

    wire().hear(hello('e2'))
    wire().hear({ type: 'resync', position: 3, snapshot: { epoch: 'e2', position: 3 } })
    wire().hear(event(4))
    wire().cut()
    vi.advanceTimersByTime(250)

    expect(snapshots).toHaveLength(1)
    expect(positions).toEqual([4])
    expect(wire().query).toBe('?after=4&epoch=e2')
  })

  it('lags when pings stay unanswered, recovers by any frame, gives up on a dead wire', () => {
    const { stream, wires, wire, links } = setUp()
    stream.start('e1', 10)
    wire().hear(hello())
    expect(wire().sent).toEqual(['{"type":"ping"}'])
    wire().hear({ type: 'pong' })

    vi.advanceTimersByTime(6000)
    expect(links.at(-1)).toBe('lagged')
    wire().hear(event(11))
    expect(links.at(-1)).toBe('live')

    vi.advanceTimersByTime(12_000)
    expect(links.at(-1)).toBe('lost')
    expect(wires[0]?.closed).toBe(true)
  })

  it('learns the service’s clock from the answer to a ping', () => {
    const { stream, wire } = setUp()
    stream.start('e1', 10)
    wire().hear(hello())

    vi.advanceTimersByTime(20)
    wire().hear({ type: 'pong', at: new Date(Date.now() + 90_000 - 10).toISOString() })

    expect(clock.now() - Date.now()).toBeCloseTo(90_000, -1)
  })

  it('ends with the sign-in and does not try again', () => {
    const { stream, wires, wire, links } = setUp()
    stream.start('e1', 10)
    wire().hear(hello())

    wire().cut(SIGN_IN_ENDED)
    vi.advanceTimersByTime(60_000)

    expect(links.at(-1)).toBe('ended')
    expect(wires).toHaveLength(1)
  })

  it('hurries when the network is back', () => {
    const { stream, wires, wire } = setUp()
    stream.start('e1', 10)
    wire().cut()

    stream.hurry()

    expect(wires).toHaveLength(2)
  })

  it('hears nothing of a wire that it has left', () => {
    const { stream, wires, wire, positions, links } = setUp()
    stream.start('e1', 10)
    wire().hear(hello())
    stream.stop()

    wires[0]?.hear(event(11))
    wires[0]?.cut()
    vi.advanceTimersByTime(60_000)

    expect(positions).toEqual([])
    expect(links.at(-1)).toBe('idle')
    expect(wires).toHaveLength(1)
  })

  it('can be stopped in every state that it can be in', () => {
    for (const [link, turns] of Object.entries(TRANSITIONS)) if (link !== 'idle') expect(turns.stop, link).toBe('idle')
  })
})
