import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import tr from '../../locales/tr.json'
import { DOORS } from './doors'

const { paths } = JSON.parse(readFileSync('openapi.json', 'utf8')) as { paths: Record<string, object> }
const http = Object.values(DOORS).filter(door => door !== undefined && !door.startsWith('WS '))

describe('the doors behind rights', () => {
  it.each(http)('%s is in the description of the API', door => {
    const [method = '', path = ''] = (door ?? '').split(' ')

    expect(Object.keys(paths[`/api/v1${path}`] ?? {})).toContain(method.toLowerCase())
  })

  it('belong to rights that have words', () => {
    expect(Object.keys(DOORS).filter(right => !(right in tr.right))).toEqual([])
  })
})
