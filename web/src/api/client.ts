import createClient, { type Middleware } from 'openapi-fetch'
import { learnFrom } from './clock'
import type { paths } from './schema.gen'
import { asProblem, Problem, problemOf } from './problem'

const CHANGES = new Set(['POST', 'PUT', 'PATCH', 'DELETE'])
/** After this the desk says why nothing happens. Checking a password may queue behind others. */
const TIME_OUT_MS = 5_000
const SIGN_IN_TIME_OUT_MS = 20_000

const sentAt = new WeakMap<Request, number>()

/** The header that a foreign page cannot send, and the clock's lesson from each answer. */
const own: Middleware = {
  onRequest: ({ request }) => {
    if (CHANGES.has(request.method)) request.headers.set('X-Ahize', '1')
    sentAt.set(request, Date.now())
    return request
  },
  onResponse: ({ request, response }) => {
    learnFrom(response, sentAt.get(request) ?? Date.now())
    return response
  },
}

const bounded = (request: Request): Promise<Response> => {
  const limit = /\/(session|password)/.test(request.url) ? SIGN_IN_TIME_OUT_MS : TIME_OUT_MS
  return fetch(request, { signal: AbortSignal.any([request.signal, AbortSignal.timeout(limit)]) })
}

export const api = createClient<paths>({
  baseUrl: globalThis.location.origin,
  credentials: 'same-origin',
  fetch: bounded,
})
api.use(own)

interface Answer<T> {
  data?: T
  error?: unknown
  response: Response
}

/** The answer's body. Raises Problem for anything but success. */
export async function body<T>(answer: Promise<Answer<T>>): Promise<T> {
  const { data, error, response } = await answer.catch((problem: unknown) => {
    throw asProblem(problem)
  })
  if (!response.ok) throw problemOf(response.status, error)
  return data as T
}

/** A key that names one wish, however often it is sent. Also where the page is not on TLS. */
export function idempotencyKey(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), byte => byte.toString(16).padStart(2, '0')).join('')
}

export { Problem }
