import type { Snapshot } from '../../api/types'

/** Whether no outside line stands, so that nothing can be dialed at all. */
export const lineless = (desk: Snapshot): boolean => desk.trunks.length > 0 && desk.trunks.every(trunk => !trunk.up)
