import { useQuery } from '@tanstack/react-query'
import { useSay } from '../locales/useSay'
import { api, body } from '../api/client'
import type { Me, Reason, Snapshot } from '../api/types'
import { Panel } from '../shared/Panel'

const LOOK_AGAIN_MS = 10_000

interface Line {
  name: string
  up: boolean
  reason: Reason | null
  channels?: number
  in_use?: number
}

/** How the lines stand, from the door that this person may use: /system, or the desk. */
function useLines(me: Me): { lines: Line[] | undefined; version: string | undefined; allowed: boolean } {
  const whole = me.rights.includes('system.read')
  const part = !whole && me.rights.includes('desk.work')
  const system = useQuery({
    queryKey: ['system'],
    queryFn: () => body(api.GET('/api/v1/system')),
    enabled: whole,
    refetchInterval: LOOK_AGAIN_MS,
  })
  const desk = useQuery({
    queryKey: ['lines'],
    queryFn: async () => (await body(api.GET('/api/v1/desk'))) as unknown as Snapshot,
    enabled: part,
    refetchInterval: LOOK_AGAIN_MS,
  })
  const lines = whole ? (system.data?.trunks as unknown as Line[] | undefined) : desk.data?.trunks
  return { lines, version: system.data?.version, allowed: whole || part }
}

/** Whether the service can dial: each outside line, why it stands as it does, and how full it is. */
export function System({ me }: { me: Me }) {
  const { t } = useSay()
  const { lines, version, allowed } = useLines(me)
  return (
    <Panel title={t('home.system')}>
      <dl className="facts">
        <dt>{t('home.service')}</dt>
        <dd className="ok">{t('home.running')}</dd>
        {version !== undefined && (
          <>
            <dt>{t('home.version')}</dt>
            <dd>{version}</dd>
          </>
        )}
      </dl>
      {!allowed && <p className="sm mut">{t('home.notAllowed')}</p>}
      {lines?.length === 0 && <p className="sm mut">{t('home.noTrunks')}</p>}
      <ul className="lines">
        {lines?.map(line => (
          <TrunkLine key={line.name} line={line} />
        ))}
      </ul>
    </Panel>
  )
}

function TrunkLine({ line }: { line: Line }) {
  const { t, why } = useSay()
  const { channels, in_use: used } = line
  return (
    <li>
      <div className="row between">
        <b className="b">{t('home.trunk', { name: line.name })}</b>
        <b className={line.up ? 'b ok' : 'b bad'}>{t(line.up ? 'home.up' : 'home.down')}</b>
      </div>
      <p className="sm mut">
        {why(line.reason)}
        {channels !== undefined && line.up && <> · {t('home.channels', { used, all: channels })}</>}
      </p>
    </li>
  )
}
