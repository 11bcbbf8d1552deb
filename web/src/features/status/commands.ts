import { useMutation, useQueryClient } from '@tanstack/react-query'
import { api, body } from '../../api/client'
import type { Snapshot, Wish } from '../../api/types'

/** Asks the service for another state. What comes of it is told by the stream; the desk is read again to be sure. */
export function useWish() {
  const client = useQueryClient()
  return useMutation({
    mutationKey: ['wish'],
    mutationFn: (wish: Wish) => body(api.PUT('/api/v1/desk/state', { body: wish })),
    onSuccess: ({ then }) =>
      client.setQueryData<Snapshot>(['desk'], desk => desk && { ...desk, operator: { ...desk.operator, then } }),
    onSettled: () => client.invalidateQueries({ queryKey: ['desk'] }),
  })
}

export function useHangUp(call: string) {
  return useMutation({
    mutationKey: ['hang up', call],
    mutationFn: () => body(api.POST('/api/v1/calls/{call}/hangup', { params: { path: { call } } })),
  })
}
