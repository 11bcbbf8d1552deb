import { useTranslation } from 'react-i18next'
import type { ReactNode } from 'react'
import { Menu } from './Menu'
import { StateGlyph } from './StateGlyph'
import type { ScreenState } from './states'

interface Props {
  state: ScreenState
  word: string
  detail: string
  timer: string
  /** The items of the state menu; none: the box is no button. */
  children?: ReactNode
}

/** Shape, word, who and timer at the edge of the desk; opens the state menu. */
export function StateBox({ state, word, detail, timer, children }: Props) {
  const { t } = useTranslation()
  const inside = (
    <>
      <StateGlyph state={state} size={20} />
      <span className="statebox-words">
        <span className="unseen">{t('status.box')}</span>
        <span className="statebox-word">{word}</span>
        <span className="statebox-detail cut">{detail}</span>
      </span>
      <span className="statebox-timer num" aria-hidden="true">
        {timer}
      </span>
    </>
  )
  if (children === undefined)
    return (
      <div className="statebox" data-state={state} role="group" aria-label={t('status.box')}>
        {inside}
      </div>
    )
  return (
    <Menu className="statebox" state={state} label={t('status.box')} button={inside}>
      {children}
    </Menu>
  )
}
