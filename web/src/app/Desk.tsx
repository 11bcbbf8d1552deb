import { useEffect, useState } from 'react'
import { useSay } from '../locales/useSay'
import type { Me, Pop, Snapshot } from '../api/types'
import { Idle } from '../features/calls/Idle'
import { LateResult, UnsentBanner } from '../features/calls/LateResult'
import { OnCall } from '../features/calls/OnCall'
import { Roster } from '../features/calls/Roster'
import { useUnsent } from '../features/calls/useUnsent'
import { useSignOut } from '../features/login/me'
import { Banners } from '../features/status/Banners'
import { screenOf, useLagged, type Screen } from '../features/status/screen'
import { StatusBar } from '../features/status/StatusBar'
import { useDesk } from '../features/status/useDesk'
import { useKey } from '../shared/keys/useKey'
import { Notices } from '../shared/Notices'
import { useRegions } from '../shared/useRegions'
import { KeysOverlay } from './KeysOverlay'
import { Failed, Opening } from './Opening'

export function Desk({ me }: { me: Me }) {
  const { desk, ...way } = useDesk()
  if (desk.data !== undefined) return <Frame me={me} desk={desk.data} way={way} />
  if (desk.isError) return <Failed error={desk.error} onAgain={() => void desk.refetch()} />
  return <Opening />
}

interface Props {
  me: Me
  desk: Snapshot
  way: Omit<ReturnType<typeof useDesk>, 'desk'>
}

/** One window for the shift. Regions stay where they are; call bar and middle change with the state. */
function Frame({ me, desk, way }: Props) {
  const [keys, setKeys] = useState(false)
  const lagged = useLagged(way.link)
  const screen = screenOf(desk, lagged)
  const signOut = useSignOut()
  const unsent = useUnsent(desk.call?.call ?? null)
  const [late, setLate] = useState<Pop | null>(null)
  if (late !== null && desk.call !== null) setLate(null)
  const toggleKeys = () => setKeys(open => !open)
  useRegions()
  useKey('showKeys', toggleKeys)
  return (
    <div className="desk">
      <StatusBar
        me={me}
        desk={desk}
        screen={screen}
        link={way.link}
        onKeys={toggleKeys}
        onSignOut={() => signOut.mutate()}
      />
      <Roster desk={desk} state={screen.state} unsent={unsent} onOpen={setLate} />
      <main className="main">
        <Middle
          me={me}
          desk={desk}
          screen={screen}
          way={way}
          lagged={lagged}
          unsent={unsent}
          late={late}
          onLate={setLate}
        />
      </main>
      <Spoken desk={desk} screen={screen} />
      <Notices />
      {keys && <KeysOverlay onClose={() => setKeys(false)} />}
    </div>
  )
}

interface MiddleProps extends Props {
  screen: Screen
  lagged: boolean
  unsent: Pop[]
  /** The call that is open for its late result. */
  late: Pop | null
  onLate: (pop: Pop | null) => void
}

function Middle({ me, desk, screen, way, lagged, unsent, late, onLate }: MiddleProps) {
  const [served, setServed] = useState(false)
  if (desk.call !== null && !served) setServed(true)
  const banners = <Banners lagged={lagged} desks={way.desks} trunks={desk.trunks} onTryNow={way.hurry} />
  if (desk.call !== null && (screen.state === 'talking' || screen.state === 'wrapup'))
    return (
      <OnCall key={desk.call.call} pop={desk.call} desk={desk} over={screen.state === 'wrapup'} banners={banners} />
    )
  if (late !== null)
    return <LateResult key={late.call} pop={late} desk={desk} banners={banners} onClose={() => onLate(null)} />
  const all = (
    <>
      {banners}
      <UnsentBanner unsent={unsent} onOpen={onLate} />
    </>
  )
  return <Idle me={me} desk={desk} state={screen.state} link={way.link} banners={all} focused={served} />
}

/** The state in words for those who hear the desk, and in the window's title for those who look elsewhere. */
function Spoken({ desk, screen }: { desk: Snapshot; screen: Screen }) {
  const { t } = useSay()
  const state = t(`state.${screen.shown}`)
  const who = desk.call === null ? '' : (desk.call.person.name ?? t('calls.unknown'))
  useEffect(() => {
    document.title = `${state} · ${t('product')}`
  }, [state, t])
  return (
    <div className="unseen" role="status">
      {`${state} ${who}`}
    </div>
  )
}
