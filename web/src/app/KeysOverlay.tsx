import { useEffect, useRef } from 'react'
import { useTranslation } from 'react-i18next'
import { IconKeyboard, IconX } from '../shared/icons'
import { Caps } from '../shared/keys/Caps'
import { KeyList } from '../shared/keys/KeyList'
import { useKey } from '../shared/keys/useKey'

/** Every key, beside the desk and never over a call: it holds nothing up. Esc closes it, not the call. */
export function KeysOverlay({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation()
  const box = useRef<HTMLElement>(null)
  useKey('close', onClose)
  useEffect(() => {
    const before = document.activeElement
    box.current?.focus()
    return () => {
      if (before instanceof HTMLElement) before.focus()
    }
  }, [])
  return (
    <section ref={box} className="panel overlay" role="dialog" aria-labelledby="keys-title" tabIndex={-1}>
      <div className="panel-head">
        <IconKeyboard size={17} stroke={1.75} aria-hidden="true" />
        <h2 id="keys-title" className="grow">
          {t('keys.title')}
        </h2>
        <button type="button" className="plain row" onClick={onClose}>
          <IconX size={16} stroke={2} aria-hidden="true" />
          {t('keys.shut')}
          <Caps of="close" />
        </button>
      </div>
      <div className="panel-body scroll">
        <KeyList />
      </div>
    </section>
  )
}
