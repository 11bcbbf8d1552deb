import { describe, expect, it } from 'vitest'
import en from './en.json'
import tr from './tr.json'

const keys = (words: object, path = ''): string[] =>
  Object.entries(words).flatMap(([key, word]) =>
    typeof word === 'string' ? [path + key] : keys(word as object, `${path}${key}.`),
  )
const sentences = (words: object): string[] =>
  Object.values(words).flatMap(word => (typeof word === 'string' ? [word] : sentences(word as object)))
const gaps = (words: object): Record<string, string> =>
  Object.fromEntries(
    keys(words).map((key, n) => [key, (sentences(words)[n]?.match(/\{\{\w+\}\}/g) ?? []).sort().join()]),
  )

describe('the two languages', () => {
  it('say the same things', () => {
    expect(keys(tr)).toEqual(keys(en))
  })

  it('fill in the same values', () => {
    expect(gaps(tr)).toEqual(gaps(en))
  })

  it('neither shout nor beg', () => {
    for (const sentence of [...sentences(tr), ...sentences(en)]) expect(sentence).not.toMatch(/!|[Ll]ütfen|[Pp]lease/)
  })
})
