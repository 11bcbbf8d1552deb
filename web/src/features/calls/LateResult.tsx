import { Button } from '@mantine/core'
import type { ReactNode } from 'react'
import { useSay } from '../../locales/useSay'
import type { Pop, Snapshot } from '../../api/types'
import { useKey } from '../../shared/keys/useKey'
import { Why } from '../../shared/Why'
import { forgetDraft, useDraft } from './draft'
import { WrapUp } from './WrapUp'

interface BannerProps {
  unsent: Pop[]
  onOpen: (pop: Pop) => void
}

/** What was written and not saved is never lost silently: it is offered until it is saved or deleted. */
export function UnsentBanner({ unsent, onOpen }: BannerProps) {
  const { t } = useSay()
  const [first, ...more] = unsent
  return (
    <div className="banners" aria-live="polite">
      {first !== undefined && (
        <Why
          tone="care"
          title={t('unsent.banner', { name: first.person.name ?? t('calls.unknown') })}
          actions={
            <Button size="xs" variant="default" onClick={() => onOpen(first)}>
              {t('unsent.open')}
            </Button>
          }
        >
          <p>
            {t('unsent.body')} {more.length > 0 && t('unsent.more', { count: more.length })}
          </p>
        </Why>
      )}
    </div>
  )
}

interface Props {
  pop: Pop
  desk: Snapshot
  banners: ReactNode
  onClose: () => void
}

/** The result of a call whose wrap-up has run out, as it was left. */
export function LateResult({ pop, desk, banners, onClose }: Props) {
  const [draft, change] = useDraft(pop)
  const discard = () => {
    forgetDraft(pop.call)
    onClose()
  }
  useKey('close', onClose)
  return (
    <WrapUp
      pop={pop}
      desk={desk}
      draft={draft}
      writing={false}
      banners={banners}
      late={{ onClose, onDiscard: discard }}
      onDraft={change}
      onSaved={onClose}
    />
  )
}
