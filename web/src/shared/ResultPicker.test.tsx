// @vitest-environment jsdom
import { screen } from '@testing-library/react'
import userEvent from '@testing-library/user-event'
import { useState } from 'react'
import { describe, expect, it } from 'vitest'
import { ResultPicker } from './ResultPicker'
import { render } from './testing/render'

const CHOICES = [
  { code: 'sale', label: 'Satış', digit: '1' },
  { code: 'refused', label: 'Reddetti', digit: '2', hint: 'neden sorulur' },
  { code: 'later', label: 'Düşünecek', digit: '3' },
]

function Example() {
  const [picked, setPicked] = useState<string | null>(null)
  return (
    <>
      <ResultPicker label="Sonuç" choices={CHOICES} picked={picked} onPick={setPicked} focused />
      <input aria-label="Not" />
    </>
  )
}

const checked = () => screen.queryByRole('radio', { checked: true })?.textContent

describe('the result picker', () => {
  it('takes the focus and picks by digit', async () => {
    render(<Example />)
    expect(screen.getByRole('radio', { name: /Satış/ })).toBe(document.activeElement)

    await userEvent.keyboard('2')

    expect(checked()).toContain('Reddetti')
    expect(screen.getByRole('radio', { name: /Reddetti/ })).toBe(document.activeElement)
  })

  it('leaves digits alone while a note is written', async () => {
    render(<Example />)

    await userEvent.type(screen.getByRole('textbox', { name: 'Not' }), '3 gün')

    expect(checked()).toBeUndefined()
    expect(screen.getByRole<HTMLInputElement>('textbox', { name: 'Not' }).value).toBe('3 gün')
  })

  it('walks by arrows and comes round', async () => {
    render(<Example />)

    await userEvent.keyboard('{ArrowDown}{ArrowUp}')

    expect(checked()).toContain('Düşünecek')
  })
})
