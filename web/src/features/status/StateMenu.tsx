import type { Wish } from '../../api/types'
import { useSay } from '../../locales/useSay'
import { Caps } from '../../shared/keys/Caps'
import { MenuItem } from '../../shared/Menu'
import { StateGlyph } from '../../shared/StateGlyph'
import type { ScreenState } from '../../shared/states'
import { useWish } from './commands'

const PAUSES = ['break', 'meeting', 'other'] as const
const READY: Wish = { state: 'ready' }
const OFFLINE: Wish = { state: 'offline' }

/** The states that may be chosen from here. */
export function StateMenu({ state }: { state: ScreenState }) {
  const { t } = useSay()
  const wish = useWish()
  const free = state === 'ready' || state === 'notready'
  return (
    <>
      {state !== 'ready' && state !== 'wrapup' && (
        <MenuItem
          icon={<StateGlyph state="ready" size={16} />}
          keys={<Caps of="afterThis" />}
          state="ready"
          onChoose={() => wish.mutate(READY)}
        >
          {t('status.menu.ready')}
        </MenuItem>
      )}
      {free &&
        PAUSES.map(reason => (
          <MenuItem
            key={reason}
            icon={<StateGlyph state="notready" size={16} />}
            state="notready"
            keys={reason === 'other' && state === 'ready' ? <Caps of="afterThis" /> : undefined}
            onChoose={() => wish.mutate({ state: 'not_ready', reason })}
          >
            {t(`status.menu.${reason}`)}
          </MenuItem>
        ))}
      {state !== 'offline' && (
        <MenuItem
          icon={<StateGlyph state="offline" size={16} />}
          state="offline"
          note={t('status.menu.offlineNote')}
          onChoose={() => wish.mutate(OFFLINE)}
        >
          {t('status.menu.offline')}
        </MenuItem>
      )}
    </>
  )
}
