import { useSay } from '../../locales/useSay'
import type { Pop } from '../../api/types'
import { IconFileText, IconInfo } from '../../shared/icons'
import { Panel } from '../../shared/Panel'
import { pieces } from './say'

/** What to say, at reading size, with the customer's own words marked. */
export function Script({ pop }: { pop: Pop }) {
  const { t } = useSay()
  const script = pop.script?.trim() ?? ''
  return (
    <Panel
      title={t('calls.region.script')}
      icon={<IconFileText size={17} stroke={1.75} aria-hidden="true" />}
      region="middle"
      aside={<span className="xs dim cut">{pop.campaign?.name}</span>}
    >
      <div className="script">
        {script === '' ? (
          <p className="say mut">{t(pop.campaign === null ? 'calls.noScriptIn' : 'calls.noScript')}</p>
        ) : (
          <Say script={script} pop={pop} />
        )}
      </div>
    </Panel>
  )
}

function Say({ script, pop }: { script: string; pop: Pop }) {
  const { t } = useSay()
  const values = [pop.person.name ?? '', ...Object.values(pop.person.fields)]
  return (
    <>
      <p className="cue">
        <IconInfo size={16} stroke={1.75} aria-hidden="true" />
        {t('calls.scriptHint')}
      </p>
      {script.split(/\n+/).map((line, n) => (
        <p key={n} className="say">
          {pieces(line, values).map((piece, at) => (piece.filled ? <mark key={at}>{piece.text}</mark> : piece.text))}
        </p>
      ))}
    </>
  )
}
