import { describe, expect, it } from 'vitest'
import { pieces } from './say'

const marked = (script: string, ...values: string[]) =>
  pieces(script, values)
    .map(piece => (piece.filled ? `[${piece.text}]` : piece.text))
    .join('')

describe('the script', () => {
  it.each([
    ['Merhaba Ayşe Örnek, nasılsınız?', ['Ayşe Örnek'], 'Merhaba [Ayşe Örnek], nasılsınız?'],
    ['Ali ve Alican', ['Ali'], '[Ali] ve Alican'],
    ['649 lira, 6490 lira', ['649'], '[649] lira, 6490 lira'],
    ['Fiber 500 (ayda ₺649)', ['Fiber', 'Fiber 500', '₺649'], '[Fiber 500] (ayda [₺649])'],
    ['Bir şey', ['', ' ', 'B'], 'Bir şey'],
    ['a.b ve axb', ['a.b'], '[a.b] ve axb'],
    ['<img src=x onerror=alert(1)>', ['<img src=x onerror=alert(1)>'], '[<img src=x onerror=alert(1)>]'],
  ])('%s with %j', (script, values, said) => {
    expect(marked(script, ...values)).toBe(said)
  })
})
