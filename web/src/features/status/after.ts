import { useState } from 'react'
import type { WantedState } from '../../api/types'

const STORE = 'ahize.after'

interface Choice {
  call: string
  state: WantedState
}

function read(call: string | null): WantedState {
  try {
    const choice = JSON.parse(sessionStorage.getItem(STORE) ?? 'null') as Choice | null
    return choice?.call === call ? (choice?.state ?? 'ready') : 'ready'
  } catch {
    return 'ready'
  }
}

/** What the operator chose to be after this call, as the service has accepted it; ready unless said otherwise. */
export function useAfter(call: string | null): [WantedState, (state: WantedState) => void] {
  const [, setChosen] = useState(0)
  const choose = (state: WantedState) => {
    try {
      sessionStorage.setItem(STORE, JSON.stringify({ call, state }))
    } catch {
      // without storage the service still knows
    }
    setChosen(count => count + 1)
  }
  return [read(call), choose]
}
