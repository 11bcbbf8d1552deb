import { queryOptions, useMutation, useQueryClient } from '@tanstack/react-query'
import { api, body } from '../../api/client'
import { asProblem } from '../../api/problem'
import type { Me } from '../../api/types'
import { forgetDrafts } from '../calls/draft'
import { unskip } from './later'

/** Who is signed in; null: nobody. */
export const meQuery = queryOptions({
  queryKey: ['me'],
  queryFn: async (): Promise<Me | null> => {
    try {
      return await body(api.GET('/api/v1/me'))
    } catch (error) {
      if (asProblem(error).status === 401) return null
      throw error
    }
  },
})

/** Whether the door wants (another) code of the second factor. */
export const asksForCode = (error: unknown): boolean => ['code_needed', 'wrong_code'].includes(asProblem(error).code)

/** Signs out here and forgets everything that the page knew. */
export function useSignOut() {
  const client = useQueryClient()
  return useMutation({
    mutationFn: () => body(api.DELETE('/api/v1/session')),
    onSuccess: () => {
      forgetDrafts()
      unskip()
      client.clear()
      client.setQueryData(meQuery.queryKey, null)
    },
  })
}

/** Operators, and supervisors who have a phone to take calls with. */
export const worksAtDesk = (me: Me): boolean =>
  me.rights.includes('desk.work') && (me.extension !== null || me.grants.some(grant => grant.role === 'operator'))
