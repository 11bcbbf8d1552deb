import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { themeCss } from './theme-css'

describe("Mantine's variables", () => {
  it('are there for both schemes, for our colours only', () => {
    const css = themeCss()

    expect(css).toContain('--mantine-color-iris-7: #4354c5')
    expect(css).toContain('[data-mantine-color-scheme="dark"]')
    expect(css).not.toContain('--mantine-color-grape-')
  })

  it('point to tokens that exist', () => {
    const tokens = readFileSync('src/app/tokens.css', 'utf8')

    for (const [, token] of themeCss().matchAll(/var\((--(?!mantine)[\w-]+)\)/g))
      expect(tokens).toContain(`${token ?? ''}:`)
  })
})
