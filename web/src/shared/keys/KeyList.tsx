import { useTranslation } from 'react-i18next'
import { Caps } from './Caps'
import { KEYS, type KeyName } from './table'

/** Every key that works, from the one table. */
export function KeyList() {
  const { t } = useTranslation()
  const groups = ['call', 'wrapUp', 'everywhere'] as const
  const names = Object.keys(KEYS) as KeyName[]
  return (
    <div className="keylist">
      {groups.map(group => (
        <div key={group}>
          <h3 className="lbl">{t(`keys.group.${group}`)}</h3>
          <ul>
            {names
              .filter(name => KEYS[name].group === group)
              .map(name => (
                <li key={name} className="row between sm">
                  <span>{t(`keys.${name}`)}</span>
                  <Caps of={name} />
                </li>
              ))}
          </ul>
        </div>
      ))}
      <p className="xs mut">{t('keys.foot')}</p>
    </div>
  )
}
