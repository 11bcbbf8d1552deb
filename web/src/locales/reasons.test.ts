import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import en from './en.json'
import tr from './tr.json'

const ROOT = join(import.meta.dirname, '../../..')
const ROOMS = ['dialer', 'campaigns', 'desk']
const LITERAL = /"([a-z_]+)"/g

/** Expressions whose codes come from elsewhere: chosen on the desk, or made beside the call. */
const ELSEWHERE = ['code', 'body.reason', 'reason']
const CHOSEN_ON_THE_DESK = ['break', 'meeting', 'other']

const read = (name: string): string => readFileSync(join(ROOT, name), 'utf8')
const sources = ROOMS.flatMap(room =>
  readdirSync(join(ROOT, room), { recursive: true, encoding: 'utf8' })
    .filter(name => name.endsWith('.py'))
    .map(name => read(join(room, name))),
)
const literals = (text: string): string[] => [...text.matchAll(LITERAL)].map(([, code = '']) => code)
const found = (pattern: RegExp): string[] =>
  sources.flatMap(text => [...text.matchAll(pattern)].map(([, it = '']) => it))

/** What stands where a reason's code is given, constants resolved. */
const given = found(/\bReason\(([^,)]+)[,)]/g)
const constants = given.filter(text => /^[A-Z_]+$/.test(text))
const rules = [...read('campaigns/rules/policy.py').matchAll(/_refused\("([a-z_]+)"/g)].map(([, code = '']) => code)
const told = [...read('campaigns/campaigns/reasons.py').matchAll(/^ {4}"([a-z_]+)": "/gm)].map(([, code = '']) => code)
const phones = [...read('dialer/phones.py').matchAll(/^\s+code = (.+)$/gm)].flatMap(([, code = '']) => literals(code))
const codes = new Set([
  ...rules,
  ...told,
  ...given.flatMap(literals),
  ...phones,
  ...constants.flatMap(name => found(new RegExp(`^${name} = (".+")$`, 'gm')).flatMap(literals)),
  ...CHOSEN_ON_THE_DESK,
])
const wordless = (words: Record<string, string>): string[] => [...codes].filter(code => !(code in words))

describe('the reasons that the service gives', () => {
  it('are found in its sources', () => {
    expect(codes.size).toBeGreaterThan(50)
    expect([...codes]).toEqual(
      expect.arrayContaining(['phone_no_answer', 'phone_refused', 'engine_restarted', 'overtaken']),
    )
  })

  it('come from nowhere that this test does not know', () => {
    const unread = given.filter(text => literals(text).length === 0 && !/^[A-Z_]+$/.test(text))

    expect(unread.filter(text => !ELSEWHERE.includes(text))).toEqual([])
  })

  it('have words in both languages', () => {
    expect(wordless(tr.reason)).toEqual([])
    expect(wordless(en.reason)).toEqual([])
  })
})
