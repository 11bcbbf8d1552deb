import { useTranslation } from 'react-i18next'
import type { Temperature as Kind } from '../api/types'
import { IconFlame, IconSnowflake, IconSun } from './icons'

const ICONS = { cold: IconSnowflake, warm: IconSun, hot: IconFlame }
const COLORS = { cold: 'sky', warm: 'orange', hot: 'red' }

/** How well we know whom we call: word, sign and colour. */
export function Temperature({ of }: { of: Kind }) {
  const { t } = useTranslation()
  return (
    <span className={`tag ${COLORS[of]}`}>
      <TemperatureIcon of={of} size={14} />
      {t(`temperature.${of}`)}
    </span>
  )
}

export function TemperatureIcon({ of, size = 18 }: { of: Kind; size?: number }) {
  const Icon = ICONS[of]
  return <Icon size={size} stroke={2} aria-hidden="true" />
}
