const LATER = 'ahize.password-later'
let here: string | null = null

/** Whether this person goes on without a password of one's own, in every window of this browser. */
export function skipped(user: string): boolean {
  try {
    return here === user || localStorage.getItem(LATER) === user
  } catch {
    return false
  }
}

export function skip(user: string): void {
  here = user
  try {
    localStorage.setItem(LATER, user)
  } catch {
    // without storage the next page asks again
  }
}

/** At sign-out the question may come again. */
export function unskip(): void {
  here = null
  try {
    localStorage.removeItem(LATER)
  } catch {
    // nothing was kept
  }
}
