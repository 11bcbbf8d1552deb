const LATER = 'ahize.password-later'

/** Whether this sign-in goes on without a password of one's own; the link's session lasts on. */
export const skipped = (): boolean => sessionStorage.getItem(LATER) !== null

export const skip = (): void => sessionStorage.setItem(LATER, '1')
