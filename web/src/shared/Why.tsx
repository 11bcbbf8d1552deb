import type { ReactNode } from 'react'
import { IconAlertOctagon, IconBulb, IconLock } from './icons'

type Tone = 'calm' | 'care' | 'broken'
const SIGNS = { calm: IconBulb, care: IconLock, broken: IconAlertOctagon }

interface Props {
  title: string
  tone?: Tone
  children: ReactNode
  /** At most two. */
  actions?: ReactNode
}

/** A reason with its evidence: calm for why we speak, care for a rule, broken for what failed. */
export function Why({ title, tone = 'calm', children, actions }: Props) {
  const Sign = SIGNS[tone]
  return (
    <div className={`why ${tone}`}>
      <Sign size={20} stroke={1.75} aria-hidden="true" />
      <div className="grow">
        <h2>{title}</h2>
        <div className="why-words">{children}</div>
        {actions !== undefined && <div className="row why-actions">{actions}</div>}
      </div>
    </div>
  )
}
