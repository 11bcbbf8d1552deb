/** An error of the service (RFC 9457), or of the way to it (`code` "unreachable", `status` 0). */
export class Problem extends Error {
  readonly status: number
  readonly code: string
  readonly values: Record<string, unknown>
  readonly fields: { field: string; code: string; message: string }[]

  constructor(status: number, body: Partial<ProblemBody> = {}) {
    super(body.detail ?? body.title ?? '')
    this.name = 'Problem'
    this.status = status
    this.code = body.code ?? 'unknown'
    this.values = body.values ?? {}
    this.fields = body.errors ?? []
  }

  /** Whether the same request may succeed a little later. */
  get passing(): boolean {
    return this.status === 0 || this.status === 429 || this.status === 502 || this.status === 503 || this.status === 504
  }
}

interface ProblemBody {
  title: string
  detail: string
  code: string
  values: Record<string, unknown>
  errors: { field: string; code: string; message: string }[]
}

/** The problem that an answer's body describes, as far as it does. */
export function problemOf(status: number, body: unknown): Problem {
  return new Problem(status, typeof body === 'object' && body !== null ? body : {})
}

export const asProblem = (error: unknown): Problem =>
  error instanceof Problem ? error : new Problem(0, { code: 'unreachable', detail: String(error) })
