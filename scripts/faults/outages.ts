/** PostgreSQL away from a service that keeps running: restarted, out of reach, and behind a network that drops every packet. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { binaries, noServer, type Server, startServer } from '../postgres-server.ts'
import type { Fault, FaultOptions } from './contract.ts'
import { drop, inNamespace, pass } from './namespace.ts'
import { startProxy } from './proxy.ts'
import { readiness, type Stage, underLoad } from './under-load.ts'

/** How often the server is restarted. */
const restarts = 3
/** How long a service may take to say that it is not ready, ms: its statements may take ten seconds. */
const noticeMs = 20_000

type Provoke = (server: Server, stage: Stage, options: FaultOptions) => Promise<{ provoked: number; notes?: string[] }>

const outage = (name: string, provoke: Provoke, reach: (server: Server) => Promise<{ url: string; close(): void }>): Fault => ({
  name,
  skip: () => (binaries() ? null : noServer),
  async run(options) {
    const dataDir = mkdtempSync(join(tmpdir(), 'archmeter-faults-'))
    const server = await startServer(binaries()!.folder)
    const { url: databaseUrl, close } = await reach(server)
    try {
      return await underLoad({ dataDir, databaseUrl }, { provoke: (stage) => provoke(server, stage, options) }, options)
    } finally {
      close()
      await server.stop()
      rmSync(dataDir, { recursive: true, force: true })
    }
  },
})

const directly = async ({ url }: Server) => ({ url, close() {} })

export const postgresRestarted = outage(
  'Postgres restarted',
  async (server, { random }) => {
    for (let i = 0; i < restarts; i++) {
      await sleep(random() * 3000)
      await server.halt()
      await server.resume()
    }
    return { provoked: restarts }
  },
  directly,
)

export const postgresUnreachable = outage(
  'Postgres out of reach',
  async (server, { url, random }, { outageMs }) => {
    await sleep(random() * 2000)
    await server.halt()
    const noticed = await readiness(url, 503, noticeMs)
    await sleep(outageMs - noticed)
    await server.resume()
    return { provoked: 1, notes: [`not ready after ${Math.round(noticed)} ms, away for ${outageMs / 1000} s`] }
  },
  directly,
)

/** What swallows the packets: the kernel in a network namespace of ours, or else a proxy that reads and passes nothing on. */
let hole: { way: string; swallow(): void; release(): void }

export const postgresBlackHole = outage(
  'Postgres black-holed',
  async (_server, { url, random }, { outageMs }) => {
    await sleep(random() * 2000)
    hole.swallow()
    try {
      const noticed = await readiness(url, 503, noticeMs)
      await sleep(outageMs - noticed)
      return { provoked: 1, notes: [`${hole.way}; not ready after ${Math.round(noticed)} ms, away for ${outageMs / 1000} s`] }
    } finally {
      hole.release()
    }
  },
  async ({ url, port }) => {
    if (inNamespace()) {
      hole = { way: 'packets dropped by iptables in a network namespace', swallow: () => drop(port), release: () => pass(port) }
      return { url, close() {} }
    }
    const proxy = await startProxy(port)
    hole = { way: 'bytes swallowed by a proxy (no network namespace here)', swallow: proxy.swallow, release: proxy.release }
    const through = new URL(url)
    through.port = String(proxy.port)
    return { url: through.href, close: proxy.close }
  },
)
