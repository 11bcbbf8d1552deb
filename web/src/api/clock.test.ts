import { describe, expect, it } from 'vitest'
import { ServerClock } from './clock'

describe("the service's clock", () => {
  it('trusts the answer with the shortest way', () => {
    const clock = new ServerClock()

    clock.learn(10_000, 0, 4_000, 4_200)
    clock.learn(11_150, 0, 5_000, 6_000)

    expect(clock.offset).toBe(5_900)
  })

  it('stands in the middle of what a whole second can mean', () => {
    const clock = new ServerClock()

    clock.learn(10_000, 1_000, 10_400, 10_600)

    expect(clock.offset).toBe(0)
  })

  it('follows a jump at once', () => {
    const clock = new ServerClock()
    clock.learn(1_000, 0, 1_000, 1_010)

    clock.learn(100_000, 0, 2_000, 2_400)

    expect(clock.offset).toBe(97_800)
  })

  it('does not learn from nonsense', () => {
    const clock = new ServerClock()

    clock.learn(Number.NaN, 0, 1, 2)

    expect(clock.offset).toBeNull()
  })
})
