import { Button } from '@mantine/core'
import { useSay } from '../../locales/useSay'
import type { Snapshot, Wish } from '../../api/types'
import { IconForward } from '../../shared/icons'
import { Caps } from '../../shared/keys/Caps'
import { spoken } from '../../shared/keys/table'
import { useKey } from '../../shared/keys/useKey'
import type { ScreenState } from '../../shared/states'
import { useSlow } from '../../shared/useSlow'
import { useAfter } from './after'
import { useWish } from './commands'

const READY: Wish = { state: 'ready' }
const PAUSE: Wish = { state: 'not_ready', reason: 'other' }

/** F3: what comes after this. Ready: a pause. On a call: ready or not once it is over. */
export function AfterThis({ desk, state }: { desk: Snapshot; state: ScreenState }) {
  if (state === 'ready' || state === 'reserved') return <Pause />
  if (state === 'talking' || state === 'wrapup') return <After call={desk.operator.call} locked={state === 'wrapup'} />
  return null
}

function Pause() {
  const { t } = useSay()
  const wish = useWish()
  const pause = () => wish.mutate(PAUSE)
  useKey('afterThis', pause, !wish.isPending)
  return (
    <Key pending={wish.isPending} onPress={pause}>
      {t('status.becomeNotReady')}
    </Key>
  )
}

/** In wrap-up "ready" would end it at once: there the choice can be taken, not taken back. */
function After({ call, locked }: { call: string | null; locked: boolean }) {
  const { t } = useSay()
  const wish = useWish()
  const [after, hear] = useAfter(call)
  const goesReady = after === 'ready'
  const fixed = locked && !goesReady
  const toggle = () => wish.mutate(goesReady ? PAUSE : READY, { onSuccess: ({ then }) => hear(then) })
  useKey('afterThis', toggle, !wish.isPending && !fixed)
  const words = (
    <>
      {t('status.after')} <b>{t(goesReady ? 'state.ready' : 'state.notready')}</b>
    </>
  )
  if (fixed) return <span className="stat">{words}</span>
  return (
    <Key pending={wish.isPending} onPress={toggle}>
      {words}
    </Key>
  )
}

function Key({ pending, onPress, children }: { pending: boolean; onPress: () => void; children: React.ReactNode }) {
  const slow = useSlow(pending)
  return (
    <Button
      className="bar-key"
      variant="default"
      size="xs"
      loading={slow}
      aria-keyshortcuts={spoken('afterThis')}
      leftSection={<IconForward size={16} stroke={1.75} />}
      rightSection={<Caps of="afterThis" />}
      onClick={onPress}
    >
      <span>{children}</span>
    </Button>
  )
}
