import { useMutation, useQueryClient } from '@tanstack/react-query'
import { api, body } from '../../api/client'
import type { WantedState } from '../../api/types'

export interface Wish {
  state: WantedState
  reason?: string
}

/** Asks the service for another state. What comes of it is told by the stream; the desk is read again to be sure. */
export function useWish() {
  const client = useQueryClient()
  return useMutation({
    mutationKey: ['wish'],
    mutationFn: (wish: Wish) => body(api.PUT('/desk/state', { body: wish })),
    onSettled: () => client.invalidateQueries({ queryKey: ['desk'] }),
  })
}

export function useHangUp(call: string) {
  return useMutation({
    mutationKey: ['hang up', call],
    mutationFn: () => body(api.POST('/calls/{id}/hangup', { params: { path: { id: call } } })),
  })
}
