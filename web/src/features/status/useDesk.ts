import { queryOptions, useQuery, useQueryClient, type QueryClient } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import { api, body } from '../../api/client'
import { EventStream, eventsUrl, type Link, type Listener, type Wire } from '../../api/stream'
import type { Snapshot } from '../../api/types'
import { meQuery } from '../login/me'
import { lacks, reduce } from './reduce'

const KEY = ['desk']
/** What campaigns do and why is not told on the operator's stream; this is how soon the desk knows, idle and on a call. */
const LOOK_AGAIN_MS = { idle: 10_000, call: 30_000 }

/** The desk by HTTP. An answer that is older than what the stream has said already is not taken. */
const deskQuery = (client: QueryClient) =>
  queryOptions({
    queryKey: KEY,
    queryFn: async (): Promise<Snapshot> => {
      const fresh = (await body(api.GET('/api/v1/desk'))) as unknown as Snapshot
      const known = client.getQueryData<Snapshot>(KEY)
      return known?.epoch === fresh.epoch && known.position > fresh.position ? known : fresh
    },
    staleTime: Infinity,
    refetchInterval: query => LOOK_AGAIN_MS[query.state.data?.call ? 'call' : 'idle'],
  })

/** The desk as it stands, kept true by the event stream. */
export function useDesk() {
  const client = useQueryClient()
  const desk = useQuery(deskQuery(client))
  const stream = useStream(client, desk.data)
  return { desk, ...stream }
}

/** Opens the stream where the first snapshot ended, and lays every event into the desk. */
function useStream(client: QueryClient, desk: Snapshot | undefined) {
  const [link, setLink] = useState<Link>('idle')
  const [desks, setDesks] = useState(1)
  const [stream] = useState(() => new EventStream(open, listener(client, setLink, setDesks)))
  const known = desk !== undefined
  useEffect(() => {
    const first = client.getQueryData<Snapshot>(KEY)
    if (!known || first === undefined) return
    stream.start(first.epoch, first.position)
    const hurry = () => stream.hurry()
    window.addEventListener('online', hurry)
    return () => {
      window.removeEventListener('online', hurry)
      stream.stop()
    }
  }, [known, client, stream])
  return { link, desks, hurry: () => stream.hurry() }
}

const open = (query: string): Wire => new WebSocket(eventsUrl(query))

function listener(client: QueryClient, setLink: (link: Link) => void, setDesks: (open: number) => void): Listener {
  const read = () => void client.invalidateQueries({ queryKey: KEY })
  return {
    event: (event, position) => {
      const before = client.getQueryData<Snapshot>(KEY)
      if (before === undefined) return
      const after = { ...reduce(before, event), position }
      client.setQueryData(KEY, after)
      if (lacks(after, event)) read()
    },
    resync: snapshot => client.setQueryData(KEY, snapshot),
    desks: setDesks,
    link: link => {
      setLink(link)
      if (link === 'ended') client.setQueryData(meQuery.queryKey, null)
      if (link === 'lost') void client.invalidateQueries({ queryKey: meQuery.queryKey })
    },
  }
}
