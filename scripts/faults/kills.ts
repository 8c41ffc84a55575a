/** `kill -9` of services, of their child processes and of the database, at random moments while runs are queued and executed. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { StoreOptions } from '../../src/store/index.ts'
import { binaries, noServer, startServer } from '../postgres-server.ts'
import { freePort } from '../service-process.ts'
import { audit } from './audit.ts'
import type { Fault, FaultOptions, FaultResult } from './contract.ts'
import { Hosts, type Rates } from './hosts.ts'
import { Load } from './load.ts'

/** On the embedded store: its database is a thread of the one service, and dies with it. */
const embedded: Rates = { pauseMs: [300, 2500], service: 0.45, child: 0.25, database: 0, stopService: 0.1, stopChild: 0.1, outlive: 0 }
/** Two services that take requests and two that execute, all on one device of one server. */
const served: Rates = { pauseMs: [200, 1100], service: 0.2, child: 0.2, database: 0.1, stopService: 0.15, stopChild: 0.15, outlive: 0.1 }
/** The last runs end in peace, so that it shows whether anything is stuck. */
const inPeace = 0.02
const mostMs = 30 * 60_000

async function untilEnded(hosts: Hosts, rates: Rates, load: Load, { runs, say }: FaultOptions): Promise<void> {
  await load.prepare()
  const began = performance.now()
  let left = runs
  let watching = true
  const telling = (async () => {
    for (let said = began; watching; await sleep(500)) {
      const unfinished = await load.unfinished()
      if (unfinished !== null) left = Math.max(0, runs - load.acknowledged.size) + unfinished
      if (performance.now() - said < 15_000) continue
      said = performance.now()
      say(`${Math.round((said - began) / 1000)} s: ${load.acknowledged.size} of ${runs} acknowledged, ${left} left`)
    }
  })()
  const queueing = load.queue(() => load.asked < runs)
  await hosts.trouble(() => left <= Math.ceil(inPeace * runs) || performance.now() - began > mostMs, rates)
  await hosts.peace()
  await queueing
  await load.settled()
  watching = false
  await telling
}

async function result(hosts: Hosts, load: Load, options: Omit<StoreOptions, 'log'>): Promise<FaultResult> {
  const { tally, failures, notes } = await audit(options, load.acknowledged)
  const { servicesKilled, childrenKilled, databasesKilled, ...others } = hosts.done
  const refused = [...load.refused].map(([what, count]) => `${what}: ${count}`).join(', ') || 'none'
  return {
    provoked: servicesKilled + childrenKilled + databasesKilled,
    tally,
    failures: [...failures, ...load.failures],
    notes: [
      `killed: services ${servicesKilled}, their children ${childrenKilled}, databases ${databasesKilled}; besides ${JSON.stringify(others)}`,
      `asked again: ${refused}`,
      ...notes,
    ],
  }
}

export const killsEmbedded: Fault = {
  name: 'kill -9, embedded',
  async run(options) {
    const dataDir = mkdtempSync(join(tmpdir(), 'archmeter-faults-'))
    const port = await freePort()
    const hosts = new Hosts([{ DATA_DIR: dataDir, PORT: String(port) }], options.random)
    const load = new Load([`http://127.0.0.1:${port}`])
    try {
      await untilEnded(hosts, embedded, load, options)
      await hosts.close()
      return await result(hosts, load, { dataDir })
    } finally {
      await hosts.close()
      rmSync(dataDir, { recursive: true, force: true })
    }
  },
}

export const killsPostgres: Fault = {
  name: 'kill -9, Postgres',
  skip: () => (binaries() ? null : noServer),
  async run(options) {
    const dataDir = mkdtempSync(join(tmpdir(), 'archmeter-faults-'))
    const server = await startServer(binaries()!.folder)
    const settings = await Promise.all(
      ['api', 'api', 'worker', 'worker'].map(async (ROLE) => ({
        ...{ ROLE, DATABASE_URL: server.url, DATA_DIR: dataDir, PORT: String(await freePort()) },
      })),
    )
    const hosts = new Hosts(settings, options.random, server)
    const load = new Load(settings.filter(({ ROLE }) => ROLE === 'api').map(({ PORT }) => `http://127.0.0.1:${PORT}`))
    try {
      await untilEnded(hosts, served, load, options)
      await hosts.close()
      return await result(hosts, load, { dataDir, databaseUrl: server.url })
    } finally {
      await hosts.close()
      await server.stop()
      rmSync(dataDir, { recursive: true, force: true })
    }
  },
}
