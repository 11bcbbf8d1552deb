import { MutationCache, QueryClient } from '@tanstack/react-query'
import { asProblem } from '../api/problem'
import { notify } from '../shared/notices'

const again = (failures: number, error: Error): boolean => asProblem(error).passing && failures < 3

/** Server state lives here and nowhere else. Questions are asked again when the way failed, wishes are not. */
export const newQueryClient = (): QueryClient =>
  new QueryClient({
    mutationCache: new MutationCache({
      onError: (error, _wish, _context, mutation) => {
        if (mutation.options.meta?.saysItself !== true) notify(asProblem(error))
      },
    }),
    defaultOptions: {
      queries: { retry: again, staleTime: 30_000, networkMode: 'always', refetchOnWindowFocus: false },
      mutations: { retry: false, networkMode: 'always' },
    },
  })
