// Cuts Inter (variable weight) to the letters that the desk shows at once and, apart, those that names may bring.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import subset from 'subset-font'

const from = name => new URL(`../node_modules/@fontsource-variable/inter/files/${name}`, import.meta.url)
const to = new URL('../src/app/fonts/', import.meta.url)

const span = (first, last) =>
  Array.from({ length: last - first + 1 }, (_, n) => String.fromCodePoint(first + n)).join('')
const latin = span(0x20, 0x7e) + span(0xa0, 0xff) + 'ıŒœ‑–—‘’‚“”„†•…‹›€™↑→↓←−≈≤≥∞'
const turkish = 'ĞğİŞş₺'
const extended = span(0x100, 0x24f) + 'Əə' + span(0x1e00, 0x1eff)

const cut = async (source, letters, target) => {
  const font = await subset(readFileSync(from(source)), letters, {
    targetFormat: 'woff2',
    variationAxes: { wght: { min: 400, max: 700 } },
  })
  writeFileSync(new URL(target, to), font)
}

mkdirSync(to, { recursive: true })
await cut('inter-latin-wght-normal.woff2', latin, 'inter-latin.woff2')
await cut('inter-latin-ext-wght-normal.woff2', turkish, 'inter-turkish.woff2')
await cut('inter-latin-ext-wght-normal.woff2', extended, 'inter-extended.woff2')
