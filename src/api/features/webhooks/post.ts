import { type IncomingMessage, request as requestByHttp } from 'node:http'
import { request as requestByHttps } from 'node:https'
import type { Targets } from '../../access/targets.ts'
import { version } from '../../version.ts'

export interface PostOptions {
  /** Which addresses may be connected to: asked for what the name leads to when the connection is made. */
  targets: Pick<Targets, 'lookup'>
  /** Ends the request wherever it is. */
  signal: AbortSignal
  headers: Record<string, string>
}

export interface PostAnswer {
  status: number
  /** As its header says it, ms; 0 without one. */
  retryAfterMs: number
}

/** Read of an answer's body, which says nothing that counts, so that a receiver may end it in order. */
const mostBytes = 65_536

/**
 * Sends JSON, once: no redirect is followed, no proxy of the environment is used, no connection is kept.
 * @returns the answer's status, once its body was read, or as much of it as is read.
 * @throws RefusedTarget, and what sockets throw, before there is a status.
 */
export function post(url: URL, body: string, { targets, signal, headers }: PostOptions): Promise<PostAnswer> {
  const send = url.protocol === 'https:' ? requestByHttps : requestByHttp
  return new Promise((resolve, reject) => {
    let answered = false
    const request = send(
      url,
      {
        method: 'POST',
        agent: false,
        lookup: targets.lookup,
        signal,
        headers: {
          'content-type': 'application/json',
          'content-length': Buffer.byteLength(body),
          'user-agent': `Archmeter/${version}`,
          ...headers,
        },
      },
      (answer) => {
        answered = true
        const end = () => resolve({ status: answer.statusCode!, retryAfterMs: retryAfterMs(answer) })
        let bytes = 0
        answer.on('data', (part: Buffer) => {
          bytes += part.length
          if (bytes > mostBytes) answer.destroy()
        })
        // Whatever becomes of the body, the status is known.
        answer.on('error', () => {})
        answer.on('close', end)
      },
    )
    request.on('error', reject)
    // An answer that would change the protocol is none.
    request.on('close', () => {
      if (!answered) reject(new Error('the connection was closed without an answer'))
    })
    request.end(body)
  })
}

/** Of seconds, or of a date (RFC 9110, 10.2.3). */
function retryAfterMs({ headers }: IncomingMessage): number {
  const text = headers['retry-after']
  if (text === undefined) return 0
  const ms = /^\d+$/.test(text) ? Number(text) * 1000 : Date.parse(text) - Date.now()
  return ms > 0 ? ms : 0
}
