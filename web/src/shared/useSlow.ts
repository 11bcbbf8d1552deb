import { useEffect, useState } from 'react'

/** Whether `pending` has lasted long enough (ms) to say so: quick answers show no loader. */
export function useSlow(pending: boolean, after = 300): boolean {
  const [slow, setSlow] = useState(false)
  useEffect(() => {
    if (!pending) return
    const timer = setTimeout(() => setSlow(true), after)
    return () => {
      clearTimeout(timer)
      setSlow(false)
    }
  }, [pending, after])
  return pending && slow
}
