import { useState } from 'react'

const STORE = 'ahize.after'

interface Choice {
  call: string
  then: string
}

function read(call: string | null): string {
  try {
    const choice = JSON.parse(sessionStorage.getItem(STORE) ?? 'null') as Choice | null
    return choice !== null && choice.call === call ? choice.then : 'ready'
  } catch {
    return 'ready'
  }
}

/** Where the operator goes after this call, as the service answered; ready unless chosen otherwise. */
export function useAfter(call: string | null): [string, (then: string) => void] {
  const [, setHeard] = useState(0)
  const hear = (then: string) => {
    try {
      sessionStorage.setItem(STORE, JSON.stringify({ call, then }))
    } catch {
      // without storage the service still knows
    }
    setHeard(count => count + 1)
  }
  return [read(call), hear]
}
