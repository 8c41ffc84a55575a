import type { Outcome, Service } from './contract.ts'

/** What a case says of one answer: its status and the code of its problem. */
export async function outcomeOf(response: Response): Promise<Outcome & { detail: string }> {
  const text = await response.text()
  let problem: { code?: string; detail?: string } = {}
  try {
    problem = JSON.parse(text) as typeof problem
  } catch {
    // No JSON: an export, or a page.
  }
  return { status: response.status, note: problem.code ?? '', detail: problem.detail ?? text.slice(0, 300) }
}

/** Uploads a file as an architecture. */
export async function upload(service: Service, file: Uint8Array, name = 'hostile'): Promise<Outcome & { detail: string }> {
  return outcomeOf(
    await fetch(`${service.url}/v1/architectures?name=${name}`, {
      method: 'POST',
      headers: { 'content-type': 'application/octet-stream' },
      body: Buffer.from(file),
    }),
  )
}

/** Registers a network as JSON, and gives its id. @throws Error where it is refused. */
export async function register(service: Service, network: object): Promise<string> {
  const response = await fetch(`${service.url}/v1/architectures`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ name: 'hostile', ...network }),
  })
  const answer = (await response.json()) as { id: string; detail?: string }
  if (!response.ok) throw new Error(`registering was answered ${response.status}: ${answer.detail}`)
  return answer.id
}

/** @throws Error where the answer has another status or code, or its detail does not fit. */
export function expectOutcome(outcome: Outcome & { detail?: string }, status: number, code = '', detail?: RegExp): Outcome {
  if (outcome.status !== status || (code !== '' && outcome.note !== code))
    throw new Error(`answered ${outcome.status} ${outcome.note ?? ''}, expected ${status} ${code}: ${outcome.detail ?? ''}`)
  if (detail && !detail.test(outcome.detail ?? '')) throw new Error(`the detail "${outcome.detail}" does not fit ${detail}`)
  return { status: outcome.status, note: outcome.note ?? '' }
}
