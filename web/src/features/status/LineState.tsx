import { useSay } from '../../locales/useSay'
import type { Trunk } from '../../api/types'
import { IconPhone, IconPhoneOff } from '../../shared/icons'

/** Whether the outside lines stand, in one word and shape. */
export function LineState({ trunks }: { trunks: Trunk[] }) {
  const { t } = useSay()
  const up = trunks.filter(trunk => trunk.up).length
  const all = trunks.length
  const word = all === 0 ? 'none' : up === 0 ? 'down' : up === all ? 'up' : 'some'
  const Icon = word === 'up' ? IconPhone : IconPhoneOff
  return (
    <span className={`stat ${word === 'up' ? 'good' : 'poor'}`} role="status">
      <Icon size={17} stroke={1.75} aria-hidden="true" />
      {t(`status.line.${word}`, { up, all })}
    </span>
  )
}
