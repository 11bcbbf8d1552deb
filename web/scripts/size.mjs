// Says what the desk's first load weighs on the wire (gzip), and fails over the limit.
import { readdirSync, readFileSync } from 'node:fs'
import { gzipSync } from 'node:zlib'

const LIMIT_KB = 200
const LOADED = ['index.html', 'src/app/Desk.tsx', 'src/locales/tr.json']
const dist = new URL('../dist/', import.meta.url)
const manifest = JSON.parse(readFileSync(new URL('.vite/manifest.json', dist), 'utf8'))

const files = new Set(['index.html', 'first-paint.js', 'favicon.svg'])
const take = name => {
  const chunk = manifest[name]
  if (files.has(chunk.file)) return
  files.add(chunk.file)
  for (const css of chunk.css ?? []) files.add(css)
  for (const next of chunk.imports ?? []) take(next)
}
LOADED.forEach(take)
for (const font of readdirSync(new URL('assets/', dist)))
  if (/^inter-(latin|turkish).*woff2$/.test(font)) files.add(`assets/${font}`)

const weigh = name => {
  const bytes = readFileSync(new URL(name, dist))
  return (name.endsWith('.woff2') ? bytes.length : gzipSync(bytes, { level: 9 }).length) / 1000
}
let total = 0
for (const name of files) {
  const weight = weigh(name)
  total += weight
  console.log(`${weight.toFixed(1).padStart(7)} kB  ${name}`)
}
console.log(`${total.toFixed(1).padStart(7)} kB  first load of the desk, compressed (limit ${LIMIT_KB})`)
if (total > LIMIT_KB) process.exit(1)
