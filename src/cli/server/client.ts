import { CliError } from '../failure.ts'

/** What fetch sends. */
export type Body = NonNullable<RequestInit['body']>

/** A problem as the service answers with it (RFC 9457). */
interface Problem {
  code?: string
  title?: string
  detail?: string
  errors?: { path?: string; layerId?: string | null; message?: string }[]
}

/** Problems of one answer that are printed. */
const mostLines = 20

/**
 * The service that a command asks, with the key in ARCHMETER_KEY.
 * @param server as `--server` has it. @param task what the service is wanted for: `to run it`.
 * @throws CliError where none is named, and as the constructor of `Client` does.
 */
export function connect(server: string | undefined, task: string): Client {
  if (server === undefined)
    throw new CliError(`say which service is ${task}: --server http://localhost:3000, or ARCHMETER_SERVER in the environment`)
  return new Client(server, process.env.ARCHMETER_KEY?.trim())
}

/** A service, asked over HTTP. */
export class Client {
  readonly #base: URL
  readonly #headers: Readonly<Record<string, string>>

  /**
   * @param address such as `http://localhost:3000`. @param key an API key of the service; empty: none.
   * @throws CliError where the address is none, or the key cannot be one.
   */
  constructor(address: string, key = '') {
    // Checked here, since fetch would repeat it in its error.
    if (!/^[\x21-\x7e]*$/.test(key)) throw new CliError('ARCHMETER_KEY does not hold a key: it must read amk_…, without spaces')
    this.#headers = { accept: 'application/json', ...(key === '' ? {} : { authorization: `Bearer ${key}` }) }
    let base: URL
    try {
      base = new URL(/^[a-z]+:\/\//i.test(address) ? address : `http://${address}`)
    } catch {
      throw new CliError(`"${address}" is no address: write http://localhost:3000`)
    }
    if (base.protocol !== 'http:' && base.protocol !== 'https:')
      throw new CliError(`"${address}" is no address of the web: write http://localhost:3000`)
    if (!base.pathname.endsWith('/')) base.pathname += '/'
    this.#base = base
  }

  /** Where a path of the service is. */
  address(path: string): string {
    return new URL(path.replace(/^\//, ''), this.#base).href
  }

  /**
   * An answer as JSON, and its status. @throws CliError with the service’s own words where it refuses, and where it cannot be
   * reached.
   */
  async ask<T>(
    path: string,
    { body, ...init }: Omit<RequestInit, 'body'> & { body?: Body | object } = {},
  ): Promise<{ status: number; body: T }> {
    const isJson = body !== undefined && Object.getPrototypeOf(body) === Object.prototype
    const address = this.address(path)
    const response = await this.#fetch(address, {
      ...init,
      ...(body === undefined ? {} : { body: isJson ? JSON.stringify(body) : (body as Body) }),
      headers: { ...this.#headers, ...(isJson ? { 'content-type': 'application/json' } : {}), ...init.headers },
    })
    const text = await response.text()
    const json = parsed(text)
    if (!response.ok) throw new CliError(refusal(address, response, json))
    if (json === undefined && response.status !== 204)
      throw new CliError(`${address} answers with no JSON: is ${this.#base.origin} an Archmeter service?`)
    return { status: response.status, body: json as T }
  }

  /**
   * An answer that is a file, piece by piece. @param type that it must be of.
   * @throws CliError with the service’s own words where it refuses, and where it cannot be reached, or answers something else.
   */
  async download(path: string, type: string): Promise<{ bytes: number; body: ReadableStream<Uint8Array> }> {
    const address = this.address(path)
    const response = await this.#fetch(address, { headers: { ...this.#headers, accept: `${type}, application/problem+json` } })
    if (!response.ok) throw new CliError(refusal(address, response, parsed(await response.text())))
    if (response.headers.get('content-type') !== type || !response.body)
      throw new CliError(`${address} answers with something else than ${type}: is ${this.#base.origin} an Archmeter service?`)
    return { bytes: Number(response.headers.get('content-length')), body: response.body as ReadableStream<Uint8Array> }
  }

  async #fetch(address: string, init: RequestInit): Promise<Response> {
    try {
      return await fetch(address, init)
    } catch (cause) {
      const { cause: under, message } = cause as Error & { cause?: NodeJS.ErrnoException }
      const why =
        under?.code === 'ECONNREFUSED'
          ? 'nothing listens there: start the service with npm start'
          : under?.message || under?.code || message
      throw new CliError(`${this.#base.origin} cannot be reached: ${why}`)
    }
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function refusal(address: string, { status, statusText }: Response, json: unknown): string {
  const { code, detail, title, errors = [] } = (json ?? {}) as Problem
  if (code === undefined) return `${address} answers ${status} ${statusText}: is this an Archmeter service?`
  // A single problem is the sentence itself.
  const lines = (errors.length < 2 ? [] : errors)
    .slice(0, mostLines)
    .map(({ path = '', layerId, message }) => `  ${path}${layerId ? ` (${layerId})` : ''}: ${message}`)
  const hint = status === 401 ? ['  archmeter sends the key in the variable ARCHMETER_KEY'] : []
  return [`the service refuses (${status} ${code}): ${detail ?? title}`, ...lines, ...hint].join('\n')
}
