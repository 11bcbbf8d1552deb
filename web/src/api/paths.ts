import type { CallShown, Me, Snapshot, Trunk, WantedState } from './types'

interface Body<T> {
  content: { 'application/json': T }
}
interface Answers<T> {
  200: { content: { 'application/json': T } }
}
interface Silent {
  204: { content?: never }
}
interface Parameters<Path> {
  query?: never
  header?: never
  cookie?: never
  path: Path
}
interface Keyed<Path> extends Omit<Parameters<Path>, 'header'> {
  header: { 'Idempotency-Key': string }
}

type Get<T> = { parameters: { query?: never }; responses: Answers<T> }
type Send<B, T> = { parameters: { query?: never }; requestBody: Body<B>; responses: Answers<T> }

export interface Result {
  code: string
  reason?: string
  note?: string
  callback_at?: string
}

/** The doors that the desk uses. */
export interface paths {
  '/me': { get: Get<Me> }
  '/me/password': {
    post: { requestBody: Body<{ password: string; current?: string }>; responses: Silent }
  }
  '/session': {
    post: Send<{ login: string; password: string }, { user: Me }>
    delete: { responses: Silent }
  }
  '/session/link': { post: Send<{ token: string }, { user: Me }> }
  '/desk': { get: Get<Snapshot> }
  '/desk/state': { put: Send<{ state: WantedState; reason?: string }, unknown> }
  '/calls/{id}': { get: { parameters: Parameters<{ id: string }>; responses: Answers<CallShown> } }
  '/calls/{id}/hangup': { post: { parameters: Parameters<{ id: string }>; responses: Silent } }
  '/calls/{id}/disposition': {
    post: {
      parameters: Keyed<{ id: string }>
      requestBody: Body<Result>
      responses: Answers<unknown>
    }
  }
  '/system': { get: Get<{ version?: string; trunks?: Trunk[] }> }
}
