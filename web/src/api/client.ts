import type { ProblemDocument } from './types.ts'

/** A refusal of the service, or its silence: then `status` is 0. */
export class CallError extends Error {
  readonly status: number
  readonly code: string
  readonly errors: NonNullable<ProblemDocument['errors']>
  constructor(problem: Pick<ProblemDocument, 'status' | 'code' | 'detail' | 'errors'>) {
    super(problem.detail)
    this.status = problem.status
    this.code = problem.code
    this.errors = problem.errors ?? []
  }
}

async function answerOf(request: Promise<Response>): Promise<Response> {
  let response: Response
  try {
    response = await request
  } catch (cause) {
    if ((cause as Error).name === 'AbortError') throw cause
    throw new CallError({
      status: 0,
      code: 'NO_ANSWER',
      detail: 'The service does not answer. Is it still running? These pages go on by themselves as soon as it is back.',
    })
  }
  if (response.ok) return response
  const problem = (await response.json().catch(() => null)) as ProblemDocument | null
  throw new CallError(
    problem?.code
      ? problem
      : {
          status: response.status,
          code: 'UNKNOWN',
          detail: `The service answered ${response.status} ${response.statusText}, without a reason.`,
        },
  )
}

/** `GET path` as JSON. */
export const read = async <T>(path: string, signal?: AbortSignal): Promise<T> =>
  (await answerOf(fetch(path, { headers: { accept: 'application/json' }, ...(signal ? { signal } : {}) }))).json() as Promise<T>

/** `POST path`, or another method, with a JSON body. */
export const send = async <T>(path: string, body: unknown, method: 'POST' | 'PATCH' = 'POST'): Promise<T> =>
  (
    await answerOf(
      fetch(path, {
        method,
        headers: { 'content-type': 'application/json', accept: 'application/json' },
        body: JSON.stringify(body),
      }),
    )
  ).json() as Promise<T>

/** `POST path` with files of a form. */
export const upload = async <T>(path: string, form: FormData): Promise<T> =>
  (await answerOf(fetch(path, { method: 'POST', headers: { accept: 'application/json' }, body: form }))).json() as Promise<T>

export const remove = async (path: string): Promise<void> => void (await answerOf(fetch(path, { method: 'DELETE' })))

/** `path` with the parameters that have a value. */
export function withQuery(path: string, query: Readonly<Record<string, string | number | null | undefined>>): string {
  const set = Object.entries(query).filter(([, value]) => value !== undefined && value !== null && value !== '')
  return set.length === 0 ? path : `${path}?${new URLSearchParams(set.map(([key, value]) => [key, String(value)]))}`
}
