/** The service's clock as this browser knows it: every timer on the desk shows server time. */
export class ServerClock {
  #offset: number | null = null
  #roundTrip = Infinity

  /**
   * Learns from one answer. `stamp` is what the service said (ms), known to `grain` ms; `sent` and `received` are this
   * browser's. The answer with the shortest way counts; a far jump (sleep, clock set) is taken at once.
   */
  learn(stamp: number, grain: number, sent: number, received: number): void {
    if (!Number.isFinite(stamp)) return
    const uncertain = received - sent + grain
    const offset = stamp + grain / 2 - (sent + received) / 2
    const jumped = this.#offset !== null && Math.abs(offset - this.#offset) > uncertain + this.#roundTrip
    if (uncertain > this.#roundTrip && !jumped) return
    this.#offset = offset
    this.#roundTrip = uncertain
  }

  /** Server minus browser, ms; null before the first answer. */
  get offset(): number | null {
    return this.#offset
  }

  /** Now by the service's clock, ms. */
  now(): number {
    return Date.now() + (this.#offset ?? 0)
  }
}

export const clock = new ServerClock()

/** Learns from the Date header of an answer (RFC 9110 §6.6.1, whole seconds). */
export function learnFrom(response: Response, sent: number): void {
  const date = response.headers.get('date')
  if (date !== null) clock.learn(Date.parse(date), 1000, sent, Date.now())
}
