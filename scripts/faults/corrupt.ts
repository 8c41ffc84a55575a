/** A damaged data folder: the start, or the first call that meets the damage, says so and how to restore; and the backup restores. */
import { spawnSync } from 'node:child_process'
import { cpSync, globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { sql } from '../../src/store/drizzle.ts'
import { openStore } from '../../src/store/index.ts'
import { file, floats, node } from '../onnx-file.ts'
import { spawnService } from '../service-process.ts'
import { audit, nothing } from './audit.ts'
import type { Fault } from './contract.ts'
import { Load } from './load.ts'

/** Networks with weights of their own have a file beside the database. */
const model = file({ nodes: [node('Conv', ['x', 'w'], ['y'])], initializers: [floats('w', [4, 3, 3, 3])] })
const someRuns = 10
const backupProgram = join(import.meta.dirname, '../../src/api/backup.ts')
const restores = /npm run restore/

/** Other bytes in the place of those that are there, as a failing disk gives them. */
function spoil(path: string): void {
  const bytes = readFileSync(path)
  for (let i = 0; i < bytes.length; i++) bytes[i] = (i * 7919) & 0xff
  writeFileSync(path, bytes)
}

/** What is done to a copy of the folder, and whether the start meets it. `runs` and `runsIndex` are files of the table of runs. */
const damages = (runs: string, runsIndex: string): [what: string, damage: (database: string) => void, atStart: boolean][] => [
  ['PG_VERSION is gone', (at) => rmSync(join(at, 'PG_VERSION')), true],
  ['PG_VERSION is spoilt', (at) => spoil(join(at, 'PG_VERSION')), true],
  ['the control file is gone', (at) => rmSync(join(at, 'global/pg_control')), true],
  ['the control file is spoilt', (at) => spoil(join(at, 'global/pg_control')), true],
  ['the write-ahead log is gone', (at) => rmSync(globSync(join(at, 'pg_wal/0*'))[0]!), true],
  ['the write-ahead log is spoilt', (at) => spoil(globSync(join(at, 'pg_wal/0*'))[0]!), true],
  ['the log of commits is gone', (at) => rmSync(join(at, 'pg_xact/0000')), true],
  ['the catalog is spoilt', (at) => spoil(join(at, runs.replace(/\d+$/, '1259'))), true],
  ['the database is gone, the files of networks are there', (at) => rmSync(at, { recursive: true }), true],
  ['the table of runs is spoilt', (at) => spoil(join(at, runs)), false],
  ['the table of runs is gone', (at) => rmSync(join(at, runs)), false],
  ['an index of runs is spoilt', (at) => spoil(join(at, runsIndex)), false],
]

/** What a start on this folder does wrong, in words; empty where nothing. */
async function faultsOf(dataDir: string, atStart: boolean): Promise<string[]> {
  const service = spawnService({ DATA_DIR: dataDir })
  const url = await service.listening().catch(() => null)
  // What its queue reads comes last, so that it may listen already.
  if (url !== null) await sleep(2000)
  if (url === null || !service.alive()) {
    await service.stop()
    const lines = service.log().split('\n')
    const said = lines.find((line) => line.startsWith('Archmeter did not start')) ?? service.log().slice(-300)
    const wrong = restores.test(said) ? [] : [`the start says: ${said}`]
    if (service.process.exitCode !== 1) wrong.push(`the start ended with ${service.process.exitCode}`)
    return wrong
  }
  try {
    if (atStart) return ['the service started']
    const answer = await fetch(`${url}/v1/runs?limit=200`)
    const said = await answer.text()
    return answer.status >= 500 && restores.test(said) ? [] : [`runs are answered ${answer.status} ${said.slice(0, 200)}`]
  } finally {
    await service.stop()
  }
}

/** A folder with runs and a network of its own, stopped in order, and its backup. @returns ids of the runs by their keys. */
async function fill(dataDir: string, backup: string): Promise<ReadonlyMap<string, string>> {
  const service = spawnService({ DATA_DIR: dataDir })
  try {
    const url = await service.listening()
    const uploaded = await fetch(`${url}/v1/architectures?name=own`, {
      ...{ method: 'POST', headers: { 'content-type': 'application/octet-stream' }, body: Buffer.from(model) },
    })
    if (uploaded.status !== 201) throw new Error(`the upload was answered ${uploaded.status}`)
    const load = new Load([url])
    await load.prepare()
    await load.queue(() => load.asked < someRuns)
    await load.settled()
    const answer = await fetch(`${url}/v1/backup`)
    writeFileSync(backup, Buffer.from(await answer.arrayBuffer()))
    return load.acknowledged
  } finally {
    await service.stop()
  }
}

export const corruptFolder: Fault = {
  name: 'corrupt data folder',
  async run({ say }) {
    const home = mkdtempSync(join(tmpdir(), 'archmeter-faults-'))
    const [whole, copy, restored, backup] = ['whole', 'copy', 'restored', 'archmeter.tar'].map((name) => join(home, name)) as [
      string,
      string,
      string,
      string,
    ]
    try {
      const acknowledged = await fill(whole, backup)
      const store = await openStore({ dataDir: whole, log: { debug() {}, info() {}, warn() {}, error() {} } })
      const { rows } = await store.db.execute(
        sql`SELECT pg_relation_filepath('runs') AS runs, pg_relation_filepath('runs_by_time') AS index`,
      )
      await store.close()
      const failures: string[] = []
      const list = damages(rows[0].runs, rows[0].index)
      for (const [what, damage, atStart] of list) {
        rmSync(copy, { recursive: true, force: true })
        cpSync(whole, copy, { recursive: true })
        damage(join(copy, 'pglite'))
        const wrong = await faultsOf(copy, atStart)
        say(`${what}: ${wrong.join('; ') || 'said, with how to restore'}`)
        failures.push(...wrong.map((each) => `${what}: ${each}`))
      }
      const restore = spawnSync(process.execPath, [backupProgram, 'restore', backup], {
        ...{ encoding: 'utf8', env: { ...process.env, DATA_DIR: restored } },
      })
      if (restore.status !== 0) return { provoked: list.length, tally: nothing, failures: [...failures, restore.stderr], notes: [] }
      const seen = await audit({ dataDir: restored }, acknowledged)
      return {
        provoked: list.length,
        tally: seen.tally,
        failures: [...failures, ...seen.failures],
        notes: ['the backup was restored', ...seen.notes],
      }
    } finally {
      rmSync(home, { recursive: true, force: true })
    }
  },
}
