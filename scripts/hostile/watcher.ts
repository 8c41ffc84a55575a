/**
 * Watches a service from a process of its own, so that what the cases do does not disturb the figures: asks `/healthz`
 * every 20 ms, one request after another, and reads the memory of the service and its children from `/proc`.
 */
import { writeFileSync } from 'node:fs'
import http from 'node:http'
import type { Watched } from './contract.ts'
import { processTree, statusBytes } from './memory.ts'

const everyMs = 20
const longestMs = 60_000

/** What the watcher is told: begin a case, or end it, which it answers with `Watched`. */
export type ToWatcher = { watch: { url: string; pid: number } } | { stop: true }

/** Makes the peak what it is now (proc_pid_clear_refs(5)). */
function forget(pid: number): void {
  try {
    writeFileSync(`/proc/${pid}/clear_refs`, '5')
  } catch {
    // Gone, or a kernel without it: the peak is then that of its life.
  }
}

class Watch {
  readonly #url: string
  readonly #pid: number
  readonly #agent = new http.Agent({ keepAlive: true, maxSockets: 1 })
  readonly #seen: Watched = { silenceMs: 0, refused: 0, serviceBytes: 0, childBytes: 0 }
  readonly #memory: NodeJS.Timeout
  readonly #asking: Promise<void>
  #over = false

  constructor({ url, pid }: { url: string; pid: number }) {
    this.#url = url
    this.#pid = pid
    for (const each of processTree(pid)) forget(each)
    this.#memory = setInterval(() => this.#look(), everyMs)
    this.#asking = this.#ask()
  }

  async stop(): Promise<Watched> {
    this.#over = true
    await this.#asking
    clearInterval(this.#memory)
    this.#look()
    this.#agent.destroy()
    return this.#seen
  }

  #look(): void {
    const [service, ...children] = processTree(this.#pid)
    this.#seen.serviceBytes = Math.max(this.#seen.serviceBytes, statusBytes(service!, 'VmHWM'))
    for (const child of children) this.#seen.childBytes = Math.max(this.#seen.childBytes, statusBytes(child, 'VmHWM'))
  }

  async #ask(): Promise<void> {
    while (!this.#over) {
      const began = performance.now()
      const status = await this.#health()
      const took = performance.now() - began
      this.#seen.silenceMs = Math.max(this.#seen.silenceMs, took)
      if (status !== 200) this.#seen.refused++
      await new Promise((resolve) => setTimeout(resolve, Math.max(0, everyMs - took)))
    }
  }

  #health(): Promise<number> {
    return new Promise((resolve) => {
      const request = http.get(`${this.#url}/healthz`, { agent: this.#agent, timeout: longestMs }, (response) => {
        response.resume().on('end', () => resolve(response.statusCode ?? 0))
        response.on('error', () => resolve(0))
      })
      request.on('timeout', () => request.destroy())
      request.on('error', () => resolve(0))
    })
  }
}

let watch: Watch | undefined
process.on('message', async (message: ToWatcher) => {
  if ('watch' in message) watch = new Watch(message.watch)
  else process.send!(await watch?.stop())
})
process.on('disconnect', () => process.exit())
