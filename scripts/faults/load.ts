/** A client that queues runs, and asks again for each until it is acknowledged, whatever happens to the service meanwhile. */
import { setTimeout as sleep } from 'node:timers/promises'

/** Runs that may wait or be executed at a time, so that they are queued throughout the trouble and not all before it. */
const mostUnfinished = 24
const clients = 3
/** For one answer, ms. Longer than the service takes to give up a database that does not answer. */
const answerMs = 20_000
/** Without any run ending for so long, what is left is stuck, ms. Longer than a lease and the back-off of a worker together. */
const stuckMs = 120_000

const network = { name: 'fault', input: { shape: [3, 16, 16] }, layers: [{ type: 'Conv2d', outChannels: 8, kernelSize: 3 }] }
const settings = { threads: 1, warmupMs: 1, minDurationMs: 20, maxDurationMs: 60, minSamples: 5 }

/** Codes that say "later", beside 503: a service that has just started may not know the devices of others yet. */
const later = /^(DEVICE_|DISK_FULL$|DATA_FOLDER_READ_ONLY$|QUEUE_FULL$)/

interface Answer {
  status: number
  body: any
}

export class Load {
  /** Ids of acknowledged runs, by the key of their request. */
  readonly acknowledged = new Map<string, string>()
  /** How often requests were answered otherwise, or not at all, by status and code. */
  readonly refused = new Map<string, number>()
  /** Answers that no fault excuses. */
  readonly failures = new Set<string>()
  /** The longest time that a client waited for an answer, ms. */
  longestMs = 0
  readonly #urls: readonly string[]
  #asked = 0
  #architectureId = ''
  #deviceUuid = ''

  /** @param urls of services on one store, which are asked in turn. */
  constructor(urls: readonly string[]) {
    this.#urls = urls
  }

  /** Registers the network, and waits until a device can run it. */
  async prepare(): Promise<void> {
    this.#architectureId = (await this.#insist('/v1/architectures', network, 'architecture')).id
    for (;;) {
      const { items = [] } = (await this.#ask('/v1/devices')).body
      const ready = items.find(({ runtimes }: any) => runtimes.some((each: any) => each.runtime === 'onnxruntime' && each.usable))
      if (ready) {
        this.#deviceUuid = ready.uuid
        return
      }
      await sleep(200)
    }
  }

  /** Queues runs while `more` says so; resolves when each that was asked for is acknowledged. @param paceMs between two of a client. */
  async queue(more: () => boolean, paceMs = 0): Promise<void> {
    let open = true
    let unfinished = 0
    const watching = (async () => {
      while (open) {
        unfinished = (await this.unfinished()) ?? unfinished
        await sleep(200)
      }
    })()
    const client = async () => {
      while (more()) {
        if (unfinished >= mostUnfinished) {
          await sleep(50)
          continue
        }
        const key = `fault-${this.#asked++}`
        unfinished++
        const { id } = await this.#insist('/v1/runs', this.#run(key), key)
        this.acknowledged.set(key, id)
        await sleep(paceMs)
      }
    }
    await Promise.all(Array.from({ length: clients }, client))
    open = false
    await watching
  }

  /** Runs asked for so far. */
  get asked(): number {
    return this.#asked
  }

  /** Waits until every run has ended, or none ended for two minutes. */
  async settled(): Promise<void> {
    let [least, since] = [Number.POSITIVE_INFINITY, performance.now()]
    while (performance.now() - since < stuckMs) {
      const left = await this.unfinished()
      if (left === 0) return
      if (left !== null && left < least) [least, since] = [left, performance.now()]
      await sleep(200)
    }
  }

  /** Runs that wait or are executed; null where no service says. */
  async unfinished(): Promise<number | null> {
    const { status, body } = await this.#ask('/v1/queue')
    if (status !== 200) return null
    return body.items.reduce((sum: number, { waitingCount, running }: any) => sum + waitingCount + (running ? 1 : 0), 0)
  }

  #run(key: string): object {
    return {
      ...{ architectureId: this.#architectureId, device: this.#deviceUuid, runtime: 'onnxruntime', fresh: true },
      ...{ timeoutMs: 60_000, labels: { key }, settings },
    }
  }

  /** Asks until it is done. @param key under which it may be asked again. */
  async #insist(path: string, body: object, key: string): Promise<any> {
    for (;;) {
      const answer = await this.#ask(path, body, key)
      if (answer.status >= 200 && answer.status < 300) return answer.body
      const code = answer.body.code ?? answer.body.reason ?? ''
      const what = `${answer.status || 'no answer'} ${code}`.trim()
      this.refused.set(what, (this.refused.get(what) ?? 0) + 1)
      if (answer.status !== 0 && answer.status !== 503 && !later.test(code))
        this.failures.add(`${path} was answered ${what}: ${answer.body.detail}`)
      await sleep(100)
    }
  }

  async #ask(path: string, body?: object, key?: string): Promise<Answer> {
    const url = this.#urls[this.#turn++ % this.#urls.length]! + path
    const began = performance.now()
    try {
      const answer = await fetch(url, {
        method: body ? 'POST' : 'GET',
        headers: body ? { 'content-type': 'application/json', 'idempotency-key': key! } : {},
        body: body ? JSON.stringify(body) : null,
        signal: AbortSignal.timeout(answerMs),
      })
      const text = await answer.text()
      this.longestMs = Math.max(this.longestMs, performance.now() - began)
      return { status: answer.status, body: JSON.parse(text) }
    } catch (error) {
      // Not started again yet, or killed as it answered.
      const { name, cause } = error as Error & { cause?: { code?: string } }
      return { status: 0, body: { reason: cause?.code ?? name } }
    }
  }
  #turn = 0
}
