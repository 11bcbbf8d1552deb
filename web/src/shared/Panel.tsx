import { useId, type ReactNode } from 'react'

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
      <div className={scroll ? 'panel-body scroll' : 'panel-body'}>{children}</div>
      {foot !== undefined && <div className="panel-foot">{foot}</div>}
    </section>
  )
}
