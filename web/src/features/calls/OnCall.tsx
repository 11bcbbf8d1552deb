import { useState, type ReactNode } from 'react'
import type { Pop, Snapshot } from '../../api/types'
import { useDraft } from './draft'
import { Talking } from './Talking'
import { WrapUp } from './WrapUp'

interface Props {
  pop: Pop
  desk: Snapshot
  over: boolean
  banners: ReactNode
}

/** One call from the pop to its result. What is written while talking goes on in wrap-up. */
export function OnCall({ pop, desk, over, banners }: Props) {
  const [draft, change] = useDraft(pop)
  const [writing, setWriting] = useState(false)
  const own = { pop, desk, draft, banners, onDraft: change }
  return over ? <WrapUp {...own} writing={writing} /> : <Talking {...own} onWriting={setWriting} />
}
