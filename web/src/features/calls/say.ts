export interface Piece {
  text: string
  /** Comes from the customer's record. */
  filled: boolean
}

const escaped = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')
const inWord = /[\p{L}\p{N}]/u

/** The script in pieces, with the words that come from the record apart. Values shorter than two letters are left. */
export function pieces(script: string, values: string[]): Piece[] {
  const known = [...new Set(values.map(value => value.trim()).filter(value => value.length > 1))]
  if (known.length === 0) return [{ text: script, filled: false }]
  const longestFirst = known.sort((a, b) => b.length - a.length).map(escaped)
  const parts = script.split(new RegExp(`(${longestFirst.join('|')})`, 'u'))
  return joined(parts.map((text, n) => ({ text, filled: n % 2 === 1 && standsAlone(parts, n) })))
}

/** "Ali" is not marked inside "Alican". */
const standsAlone = (parts: string[], n: number): boolean =>
  !inWord.test(parts[n - 1]?.at(-1) ?? '') && !inWord.test(parts[n + 1]?.at(0) ?? '')

const joined = (all: Piece[]): Piece[] =>
  all.reduce<Piece[]>((done, piece) => {
    const last = done.at(-1)
    if (piece.text === '') return done
    if (last?.filled === false && !piece.filled)
      return [...done.slice(0, -1), { ...last, text: last.text + piece.text }]
    return [...done, piece]
  }, [])
