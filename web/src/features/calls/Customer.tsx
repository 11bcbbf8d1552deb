import { useSay } from '../../locales/useSay'
import type { Contact, Pop } from '../../api/types'
import { IconPhoneIn, IconPhoneOut, IconUser } from '../../shared/icons'
import { Panel } from '../../shared/Panel'
import { shortMoment } from '../../shared/time'
import { useNow } from '../../shared/useNow'
import { Why } from '../../shared/Why'

/** Why we speak, first; then what is known, then what was. */
export function Customer({ pop }: { pop: Pop }) {
  const { t, text } = useSay()
  const facts = Object.entries(pop.person.fields).filter(([, value]) => value.trim() !== '')
  return (
    <Panel
      title={t('calls.region.customer')}
      icon={<IconUser size={17} stroke={1.75} aria-hidden="true" />}
      region="customer"
      aside={<span className="xs dim cut">{pop.project.name}</span>}
    >
      <div className="col g12">
        <Why title={t(`calls.why.${pop.direction}`)}>
          <p>{text(pop.why.text)}</p>
        </Why>
        {facts.length > 0 && (
          <dl className="facts" aria-label={t('calls.facts')}>
            {facts.map(([name, value]) => (
              <div key={name} className="fact">
                <dt>{name}</dt>
                <dd>{value}</dd>
              </div>
            ))}
          </dl>
        )}
        <History pop={pop} />
      </div>
    </Panel>
  )
}

function History({ pop }: { pop: Pop }) {
  const { t } = useSay()
  return (
    <div>
      <h3 className="lbl">{t('calls.history')}</h3>
      {pop.history.length === 0 && <p className="sm mut">{t('calls.noHistory')}</p>}
      <ol className="history">
        {pop.history.map(contact => (
          <Entry key={contact.at} contact={contact} pop={pop} />
        ))}
      </ol>
    </div>
  )
}

function Entry({ contact, pop }: { contact: Contact; pop: Pop }) {
  const { t, text, locale } = useSay()
  const now = useNow()
  const Icon = contact.direction === 'in' ? IconPhoneIn : IconPhoneOut
  const result = pop.dispositions.find(each => each.code === contact.disposition)
  return (
    <li>
      <span className="history-sign">
        <Icon size={13} stroke={2} aria-hidden="true" />
      </span>
      <div>
        <div>
          <b className="b">{t(`outcome.${contact.outcome}`)}</b>{' '}
          {result !== undefined && (
            <span className={result.flags.includes('refusal') ? 'tag red' : 'tag'}>{text(result.label)}</span>
          )}
        </div>
        <div className="history-when num">
          {shortMoment(contact.at, now, locale)} · {t(`roster.${contact.direction}`)}
        </div>
        {contact.note !== undefined && contact.note !== null && contact.note !== '' && (
          <p className="history-note">{contact.note}</p>
        )}
      </div>
    </li>
  )
}
