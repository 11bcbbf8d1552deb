// Chromium as an operator has it: one context a test, its content-policy reports and page errors kept.
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { chromium } from 'playwright-core'

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

export const launch = () =>
  chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: FLAGS })

/** A page in one language and scheme; `page.faults` lists what the browser complained of. */
export async function open(browser, url, { language = 'tr', scheme = 'light', width = 1280, height = 720 } = {}) {
  const context = await browser.newContext({
    viewport: { width, height },
    colorScheme: scheme,
    timezoneId: 'Europe/Istanbul',
  })
  await context.addInitScript(
    ([language, scheme]) => {
      if (localStorage.getItem('ahize.language') === null) localStorage.setItem('ahize.language', language)
      if (localStorage.getItem('ahize.scheme') === null) localStorage.setItem('ahize.scheme', scheme)
      globalThis.policyReports = []
      document.addEventListener('securitypolicyviolation', report =>
        globalThis.policyReports.push(`${report.violatedDirective} ${report.blockedURI}`),
      )
    },
    [language, scheme],
  )
  const page = await context.newPage()
  page.faults = []
  page.on('pageerror', error => page.faults.push(error.message))
  page.policyReports = () => page.evaluate(() => globalThis.policyReports)
  await page.goto(url)
  return page
}

/** What axe finds against WCAG 2.2 A and AA, as "rule: element". Evaluated from outside, past the page's policy. */
export async function axe(page) {
  await page.evaluate(AXE)
  const { violations } = await page.evaluate(() =>
    globalThis.axe.run({ runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] }),
  )
  return violations.flatMap(({ id, nodes }) => nodes.map(node => `${id}: ${node.html.slice(0, 160)}`))
}
