/** Streams of events that are held open all through the load test: server-sent events, and GraphQL subscriptions over websockets. */
import http from 'node:http'
import { createClient } from 'graphql-ws'

export interface HeldStreams {
  open: number
  /** Heard by all of them together. */
  events: number
  /** What should not have happened, in words. */
  faults: string[]
}

interface Event {
  type: string
  run: { runId: string; event: string } | null
}

const ends = new Set(['succeeded', 'failed', 'cancelled', 'timedOut'])

export class Streams {
  readonly #url: string
  #events = 0
  #over = false
  readonly #faults: string[] = []
  /** Of each stream, the runs whose end it heard; null once it was told that it missed events. */
  readonly #heard: (Set<string> | null)[] = []
  readonly #closes: (() => void)[] = []

  constructor(url: string) {
    this.#url = url
  }

  /** Opens them, and gives when each has its first event. */
  async open(sse: number, subscriptions: number): Promise<void> {
    const opened = [...Array.from({ length: sse }, () => this.#sse()), ...Array.from({ length: subscriptions }, () => this.#subscription())]
    await Promise.all(opened)
  }

  /** Closes them. @param endedRuns ids of runs whose end each must have heard. */
  close(endedRuns: readonly string[]): HeldStreams {
    this.#over = true
    for (const close of this.#closes) close()
    for (const [i, heard] of this.#heard.entries()) {
      const missed = heard ? endedRuns.filter((id) => !heard.has(id)) : []
      if (missed.length > 0) this.#faults.push(`stream ${i} did not hear the end of ${missed.length} runs, such as ${missed[0]}`)
    }
    return { open: this.#heard.length, events: this.#events, faults: this.#faults }
  }

  #hear(stream: number, { type, run }: Event, first: boolean): void {
    this.#events++
    if (type === 'reset' && !first) this.#heard[stream] = null
    if (run && ends.has(run.event)) this.#heard[stream]?.add(run.runId)
  }

  #ended(stream: number, why: string): void {
    if (!this.#over) this.#faults.push(`stream ${stream} ended: ${why}`)
  }

  #sse(): Promise<void> {
    const stream = this.#heard.push(new Set()) - 1
    return new Promise((opened, failed) => {
      // An agent of its own for each: it holds its connection to the end.
      const request = http.get(`${this.#url}/v1/events`, { headers: { accept: 'text/event-stream' }, agent: false }, (response) => {
        if (response.statusCode !== 200) return failed(new Error(`a stream was answered ${response.statusCode}`))
        let rest = ''
        let first = true
        response.setEncoding('utf8').on('data', (text: string) => {
          const frames = (rest + text).split('\n\n')
          rest = frames.pop()!
          for (const frame of frames) {
            const data = /^data: (.*)$/m.exec(frame)?.[1]
            if (data === undefined) continue
            this.#hear(stream, JSON.parse(data), first)
            first = false
            opened()
          }
        })
        response.on('end', () => this.#ended(stream, 'by the service'))
        response.on('error', ({ message }) => this.#ended(stream, message))
      })
      request.on('error', (error) => {
        failed(error)
        this.#ended(stream, error.message)
      })
      this.#closes.push(() => request.destroy())
    })
  }

  #subscription(): Promise<void> {
    const stream = this.#heard.push(new Set()) - 1
    return new Promise((opened, failed) => {
      const client = createClient({ url: `${this.#url.replace(/^http/, 'ws')}/graphql`, webSocketImpl: WebSocket, retryAttempts: 0 })
      let first = true
      client.subscribe<{ events: Event }>(
        { query: 'subscription { events { type run { runId event } } }' },
        {
          next: ({ data, errors }) => {
            if (errors) this.#faults.push(`stream ${stream}: ${errors[0]!.message}`)
            if (data) this.#hear(stream, data.events, first)
            first = false
            opened()
          },
          error: (cause) => {
            failed(cause)
            this.#ended(stream, String(cause instanceof Error ? cause.message : JSON.stringify(cause)))
          },
          complete: () => this.#ended(stream, 'by the service'),
        },
      )
      this.#closes.push(() => void client.dispose())
    })
  }
}
