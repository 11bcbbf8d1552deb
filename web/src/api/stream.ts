import { clock } from './clock'
import type { DeskEvent, Snapshot } from './types'

/** The way to the service's events. `live`: all is heard; `lagged`: open but silent; `lost`: trying again. */
export type Link = 'idle' | 'opening' | 'live' | 'lagged' | 'lost' | 'ended'
type Change = 'start' | 'hello' | 'silence' | 'frame' | 'cut' | 'sign-in ended' | 'stop'

export const TRANSITIONS: Record<Link, Partial<Record<Change, Link>>> = {
  idle: { start: 'opening' },
  opening: { hello: 'live', frame: 'opening', cut: 'lost', 'sign-in ended': 'ended', stop: 'idle' },
  live: { hello: 'live', frame: 'live', silence: 'lagged', cut: 'lost', 'sign-in ended': 'ended', stop: 'idle' },
  lagged: { hello: 'live', frame: 'live', cut: 'lost', 'sign-in ended': 'ended', stop: 'idle' },
  lost: { hello: 'live', frame: 'lost', cut: 'lost', 'sign-in ended': 'ended', stop: 'idle' },
  ended: { stop: 'idle' },
}

export const PING_EVERY_MS = 2_000
export const SILENT_AFTER_MS = 5_000
export const GIVE_UP_AFTER_MS = 12_000
export const SIGN_IN_ENDED = 4401
const FIRST_WAIT_MS = 250
const LONGEST_WAIT_MS = 8_000

/** What of a WebSocket the stream needs; a test has its own. */
export interface Wire {
  addEventListener(type: 'message', heard: (message: MessageEvent<unknown>) => void): void
  addEventListener(type: 'close', closed: (end: CloseEvent) => void): void
  send(text: string): void
  close(): void
}

export interface Listener {
  event(event: DeskEvent, position: number): void
  resync(snapshot: Snapshot): void
  link(link: Link): void
  /** How many desks of this person are open; each window counts. */
  desks(open: number): void
}

type Frame =
  | { type: 'hello'; epoch: string; position: number; resumed: boolean }
  | { type: 'event'; position: number; event: DeskEvent }
  | { type: 'resync'; position: number; snapshot: Snapshot }
  | { type: 'pong'; at?: string }
  | { type: 'tick'; name: string; value: unknown }

/**
 * One resumable stream of events. It opens where the snapshot ended, comes back by itself with growing, scattered waits,
 * and gives each event once and in order. The other side's silence shows only if it answers pings at all.
 */
export class EventStream {
  #link: Link = 'idle'
  #wire: Wire | null = null
  #epoch: string | null = null
  #position: number | null = null
  #failures = 0
  #heard = 0
  #ponged = false
  /** When the oldest unanswered ping went out, ms; 0: none waits. */
  #pinged = 0
  #retry: ReturnType<typeof setTimeout> | undefined
  #pulse: ReturnType<typeof setInterval> | undefined

  constructor(
    private readonly open: (query: string) => Wire,
    private readonly listener: Listener,
    private readonly random: () => number = Math.random,
  ) {}

  get link(): Link {
    return this.#link
  }

  get position(): number | null {
    return this.#position
  }

  /** Opens the stream after `position` of `epoch`; without them the first answer is a resync. */
  start(epoch: string | null = null, position: number | null = null): void {
    if (this.#link !== 'idle') return
    this.#epoch = epoch
    this.#position = position
    this.#move('start')
    this.#connect()
  }

  stop(): void {
    if (this.#link === 'idle') return
    this.#drop()
    clearTimeout(this.#retry)
    this.#move('stop')
  }

  /** Tries at once instead of waiting: the network is back, or the operator asks. */
  hurry(): void {
    if (this.#link !== 'lost' || this.#wire !== null) return
    clearTimeout(this.#retry)
    this.#connect()
  }

  #connect(): void {
    const wire = this.open(this.#query())
    this.#wire = wire
    this.#heard = Date.now()
    this.#ponged = false
    this.#pinged = 0
    wire.addEventListener('message', message => {
      if (wire === this.#wire) this.#read(String(message.data))
    })
    wire.addEventListener('close', end => {
      if (wire === this.#wire) this.#closed(end.code)
    })
    this.#pulse = setInterval(() => this.#beat(), PING_EVERY_MS)
  }

  #query(): string {
    if (this.#epoch === null || this.#position === null) return ''
    return `?after=${this.#position}&epoch=${encodeURIComponent(this.#epoch)}`
  }

  #read(text: string): void {
    this.#heard = Date.now()
    const frame = JSON.parse(text) as Frame
    this.#move('frame')
    if (frame.type === 'hello') this.#greeted(frame)
    else if (frame.type === 'event') this.#told(frame)
    else if (frame.type === 'resync') this.#restart(frame)
    else if (frame.type === 'pong') this.#answered(frame.at)
    else if (frame.name === 'desks') this.listener.desks(Number(frame.value))
  }

  #greeted(frame: Extract<Frame, { type: 'hello' }>): void {
    this.#failures = 0
    if (this.#epoch !== frame.epoch) this.#position = null
    this.#epoch = frame.epoch
    this.#move('hello')
    this.#ping()
  }

  #ping(): void {
    if (this.#pinged === 0) this.#pinged = Date.now()
    this.#wire?.send('{"type":"ping"}')
  }

  /** The answer says what the service's clock showed since the oldest ping that waits for one. */
  #answered(at: string | undefined): void {
    this.#ponged = true
    if (at !== undefined && this.#pinged !== 0) clock.learn(Date.parse(at), 1, this.#pinged, Date.now())
    this.#pinged = 0
  }

  #told(frame: Extract<Frame, { type: 'event' }>): void {
    if (this.#position !== null && frame.position <= this.#position) return
    this.#position = frame.position
    this.listener.event(frame.event, frame.position)
  }

  #restart(frame: Extract<Frame, { type: 'resync' }>): void {
    this.#position = frame.position
    this.listener.resync(frame.snapshot)
  }

  #beat(): void {
    const silent = Date.now() - this.#heard
    const hearable = this.#ponged || this.#link === 'opening' || this.#link === 'lost'
    if (silent >= GIVE_UP_AFTER_MS && hearable) this.#closed(0)
    else if (silent >= SILENT_AFTER_MS && this.#ponged && this.#link === 'live') this.#move('silence')
    if (this.#link === 'live' || this.#link === 'lagged') this.#ping()
  }

  #closed(code: number): void {
    this.#drop()
    this.#move(code === SIGN_IN_ENDED ? 'sign-in ended' : 'cut')
    if (this.#link === 'lost') this.#retry = setTimeout(() => this.#connect(), this.#wait())
  }

  #wait(): number {
    const longest = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** this.#failures)
    this.#failures += 1
    return longest / 2 + (longest / 2) * this.random()
  }

  #drop(): void {
    clearInterval(this.#pulse)
    const wire = this.#wire
    this.#wire = null
    wire?.close()
  }

  #move(change: Change): void {
    const next = TRANSITIONS[this.#link][change]
    if (next === undefined) throw new Error(`The stream cannot take "${change}" while it is ${this.#link}.`)
    if (next === this.#link) return
    this.#link = next
    this.listener.link(next)
  }
}

/** The stream's address beside the page that asks. */
export function eventsUrl(query: string): string {
  const { protocol, host } = globalThis.location
  return `${protocol === 'https:' ? 'wss' : 'ws'}://${host}/api/v1/events${query}`
}
