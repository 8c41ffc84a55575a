import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

/** A program started for a benchmark: what it printed its address for, and the way to end it. */
export interface Started {
  url: string
  child: ChildProcess
  stop(): Promise<void>
}

/**
 * Starts a Node program and waits for the first `http://…` that it prints.
 * @throws Error with what it wrote to stderr where it ends before that.
 */
export async function startProgram(
  file: string,
  args: readonly string[] = [],
  env: Record<string, string> = {},
  { root = join(import.meta.dirname, '..'), node = process.execPath } = {},
): Promise<Started> {
  const child = spawn(node, [join(root, file), ...args], {
    cwd: root,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let errors = ''
  child.stderr!.setEncoding('utf8').on('data', (text: string) => {
    errors = (errors + text).slice(-4000)
  })
  const url = await new Promise<string>((done, fail) => {
    let printed = ''
    const read = (text: string) => {
      printed += text
      const found = /listens on (http:\/\/[^\s"]+)/.exec(printed)
      if (!found) return
      child.stdout!.off('data', read)
      done(found[1]!)
    }
    child.stdout!.setEncoding('utf8').on('data', read)
    child.once('exit', (code) => fail(new Error(`${file} ended with ${code} before it listened: ${errors}`)))
  })
  child.stdout!.resume()
  return {
    url,
    child,
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return
      child.kill('SIGTERM')
      await once(child, 'exit')
    },
  }
}

/** Waits until a service says that it is ready. */
export async function ready({ url }: Pick<Started, 'url'>): Promise<void> {
  while (!(await fetch(`${url}/readyz`)).ok) await sleep(100)
}

/**
 * The service as a user starts it, on a data folder of its own that is gone afterwards: this build's, or that of another
 * folder by its own Node.js.
 */
export async function startService(env: Record<string, string> = {}, build?: { root: string; node: string }): Promise<Started> {
  const folder = mkdtempSync(join(tmpdir(), 'archmeter-bench-'))
  const remove = () => rmSync(folder, { recursive: true, force: true })
  try {
    const settings = { PORT: '0', HOST: '127.0.0.1', DATA_DIR: join(folder, 'data'), ...env }
    const service = await startProgram('src/api/server.ts', [], settings, build)
    return {
      ...service,
      async stop() {
        await service.stop()
        remove()
      },
    }
  } catch (cause) {
    remove()
    throw cause
  }
}

/** Sends JSON and reads JSON. @throws Error with the answer where the status is not a success. */
export async function call<T>(url: string, body?: unknown): Promise<T> {
  const init = body === undefined ? {} : { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }
  const answer = await fetch(url, init)
  const text = await answer.text()
  if (!answer.ok) throw new Error(`${url}: ${answer.status} ${text}`)
  return JSON.parse(text) as T
}
