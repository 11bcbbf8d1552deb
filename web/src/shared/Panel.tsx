import { useEffect, useId, useRef, type ReactNode } from 'react'

interface Props {
  title: string
  icon?: ReactNode
  aside?: ReactNode
  foot?: ReactNode
  region?: string
  scroll?: boolean
  children: ReactNode
}

/** A panel with its head; a landmark by its title. Its content scrolls inside, the page never does. */
export function Panel({ title, icon, aside, foot, region, scroll = true, children }: Props) {
  const id = useId()
  return (
    <section className="panel" aria-labelledby={id} data-region={region} tabIndex={-1}>
      <div className="panel-head">
        {icon}
        <h2 id={id} className="grow">
          {title}
        </h2>
        {aside}
      </div>
      {scroll ? <Scroller>{children}</Scroller> : <div className="panel-body">{children}</div>}
      {foot !== undefined && <div className="panel-foot">{foot}</div>}
    </section>
  )
}

/** Reached by Tab only while there is something to scroll. */
function Scroller({ children }: { children: ReactNode }) {
  const box = useRef<HTMLDivElement>(null)
  const content = useRef<HTMLDivElement>(null)
  useEffect(() => {
    const measured = new ResizeObserver(() => {
      const over = box.current !== null && box.current.scrollHeight > box.current.clientHeight
      if (over) box.current?.setAttribute('tabindex', '0')
      else box.current?.removeAttribute('tabindex')
    })
    for (const part of [box.current, content.current]) if (part !== null) measured.observe(part)
    return () => measured.disconnect()
  }, [])
  return (
    <div ref={box} className="panel-body scroll">
      <div ref={content}>{children}</div>
    </div>
  )
}
