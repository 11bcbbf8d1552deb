import { Loader } from '@mantine/core'
import type { ReactNode } from 'react'
import { Caps } from './keys/Caps'
import { spoken, type KeyName } from './keys/table'
import { useSlow } from './useSlow'

interface Props {
  name: KeyName
  label: string
  icon: ReactNode
  pending: boolean
  danger?: boolean
  onPress: () => void
}

/** A key of the call bar: icon, key cap and word. Says by a loader when the service takes its time. */
export function CallKey({ name, label, icon, pending, danger = false, onPress }: Props) {
  const slow = useSlow(pending)
  return (
    <button
      type="button"
      className={danger ? 'callkey danger' : 'callkey'}
      aria-keyshortcuts={spoken(name)}
      aria-busy={pending}
      onClick={onPress}
    >
      {slow ? <Loader size={18} color="currentColor" /> : icon}
      <Caps of={name} />
      <span className="callkey-word">{label}</span>
    </button>
  )
}
