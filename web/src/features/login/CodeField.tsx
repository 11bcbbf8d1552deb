import { TextInput } from '@mantine/core'
import { useTranslation } from 'react-i18next'
import { IconLock } from '../../shared/icons'

const DIGITS = 6

/** The six digits of an authenticator app; spaces between them are left out. */
export function CodeField({ value, onChange }: { value: string; onChange: (code: string) => void }) {
  const { t } = useTranslation()
  return (
    <TextInput
      label={t('login.code.label')}
      description={t('login.code.hint')}
      name="code"
      autoComplete="one-time-code"
      inputMode="numeric"
      pattern={`[0-9]{${DIGITS}}`}
      title={t('login.code.hint')}
      leftSection={<IconLock size={16} stroke={1.75} />}
      value={value}
      onChange={event => onChange(event.currentTarget.value.replace(/\s/g, '').slice(0, DIGITS))}
      autoFocus
      required
      withAsterisk={false}
    />
  )
}
