import type { ReactNode, Ref } from 'react'
import { useSay } from '../../locales/useSay'

interface Props {
  title: string
  detail: ReactNode
  children?: ReactNode
  ref?: Ref<HTMLElement>
}

/** The bar over the desk: who or what on the left, time and keys on the right. Always at the same place. */
export function CallBar({ title, detail, children, ref }: Props) {
  const { t } = useSay()
  return (
    <section ref={ref} className="callbar" data-region="call" tabIndex={-1} aria-label={t('calls.bar')}>
      <div className="who">
        <h1>{title}</h1>
        <p>{detail}</p>
      </div>
      <div className="callbar-end">{children}</div>
    </section>
  )
}
