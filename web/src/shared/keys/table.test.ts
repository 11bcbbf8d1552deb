import { describe, expect, it } from 'vitest'
import { caps, digit, KEYS, matches, spoken, type KeyName } from './table'

const press = (more: Partial<KeyboardEvent>) => ({
  code: '',
  key: '',
  ctrlKey: false,
  shiftKey: false,
  altKey: false,
  metaKey: false,
  ...more,
})

describe('the key table', () => {
  it('ends a call only with three keys at once', () => {
    expect(matches('end', press({ key: 'E', ctrlKey: true, shiftKey: true }))).toBe(true)
    expect(matches('end', press({ key: 'e', ctrlKey: true }))).toBe(false)
    expect(matches('end', press({ key: 'e' }))).toBe(false)
    expect(matches('end', press({ key: 'E', ctrlKey: true, shiftKey: true, altKey: true }))).toBe(false)
  })

  it('finds the sign / where a Turkish keyboard has it', () => {
    expect(matches('showKeys', press({ key: '/', code: 'Digit7', ctrlKey: true, shiftKey: true }))).toBe(true)
    expect(matches('showKeys', press({ key: '/', code: 'Slash', ctrlKey: true }))).toBe(true)
  })

  it('saves by either Enter', () => {
    expect(matches('save', press({ code: 'Enter', ctrlKey: true }))).toBe(true)
    expect(matches('save', press({ code: 'NumpadEnter', ctrlKey: true }))).toBe(true)
    expect(matches('save', press({ code: 'Enter' }))).toBe(false)
  })

  it('tells F6 from Shift+F6', () => {
    expect(matches('nextRegion', press({ code: 'F6' }))).toBe(true)
    expect(matches('nextRegion', press({ code: 'F6', shiftKey: true }))).toBe(false)
    expect(matches('previousRegion', press({ code: 'F6', shiftKey: true }))).toBe(true)
  })

  it('reads digits only when nothing else is held', () => {
    expect(digit(press({ code: 'Digit4', key: '4' }))).toBe('4')
    expect(digit(press({ code: 'Numpad7', key: '7' }))).toBe('7')
    expect(digit(press({ code: 'Digit4', key: '+', shiftKey: true }))).toBeNull()
    expect(digit(press({ code: 'KeyA', key: 'a' }))).toBeNull()
  })

  it('draws and speaks each key in the order in which it is pressed', () => {
    expect(caps('end')).toEqual(['Ctrl', '⇧', 'E'])
    expect(spoken('end')).toBe('Control+Shift+E')
    expect(caps('save')).toEqual(['Ctrl', '↵'])
  })

  it('gives no two keys the same press', () => {
    const drawn = (Object.keys(KEYS) as KeyName[]).map(name => spoken(name))

    expect(new Set(drawn).size).toBe(drawn.length)
  })
})
