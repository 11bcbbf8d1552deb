import { Button } from '@mantine/core'
import { useSay } from '../../locales/useSay'
import type { Snapshot, Wish } from '../../api/types'
import { IconForward } from '../../shared/icons'
import { Caps } from '../../shared/keys/Caps'
import { spoken } from '../../shared/keys/table'
import { useKey } from '../../shared/keys/useKey'
import { screenState, type ScreenState } from '../../shared/states'
import { useSlow } from '../../shared/useSlow'
import { useWish } from './commands'

const READY: Wish = { state: 'ready' }
const PAUSE: Wish = { state: 'not_ready', reason: 'other' }

/** F3: what comes after this. Ready: a pause. With work in hand: ready or not once it is over. */
export function AfterThis({ desk, state }: { desk: Snapshot; state: ScreenState }) {
  if (state === 'ready') return <Pause />
  if (state === 'reserved' || state === 'talking' || state === 'wrapup') return <After then={desk.operator.then} />
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

function After({ then }: { then: string }) {
  const { t } = useSay()
  const wish = useWish()
  const goesReady = then === 'ready'
  const toggle = () => wish.mutate(goesReady ? PAUSE : READY)
  useKey('afterThis', toggle, !wish.isPending)
  return (
    <Key pending={wish.isPending} onPress={toggle}>
      {t('status.after')} <b>{t(`state.${screenState(then)}`)}</b>
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
