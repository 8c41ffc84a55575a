/** A PostgreSQL server of one's own, for tests: found, started in a folder that goes again, as a user that it accepts. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { chownSync, existsSync, globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { freePort } from './service-process.ts'

export const OLDEST = 15
const user = 'archmeter'

/** Folders that hold `initdb` and `postgres`, the likeliest first. */
export function binaries(): { folder: string; version: number } | null {
  const folders = [
    ...run('pg_config', ['--bindir']),
    ...globSync('/usr/lib/postgresql/*/bin').sort().reverse(),
    ...globSync('/usr/pgsql-*/bin').sort().reverse(),
    ...globSync('/opt/homebrew/opt/postgresql@*/bin').sort().reverse(),
    ...(process.env.PATH ?? '').split(delimiter),
  ]
  for (const folder of folders) {
    if (!['initdb', 'postgres'].every((name) => existsSync(join(folder, name)))) continue
    const version = Number(run(join(folder, 'postgres'), ['--version'])[0]?.match(/(\d+)(\.\d+)?/)?.[1] ?? 0)
    if (version >= OLDEST) return { folder, version }
  }
  return null
}

function run(command: string, args: string[]): string[] {
  try {
    return [execFileSync(command, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim()]
  } catch {
    return []
  }
}

/** PostgreSQL refuses to run as root; any other user will do. */
function unprivileged(): { uid: number; gid: number } | Record<string, never> {
  if (process.getuid?.() !== 0) return {}
  const users = new Map(
    readFileSync('/etc/passwd', 'utf8')
      .split('\n')
      .map((line) => line.split(':'))
      .map(([name, , uid, gid]) => [name, { uid: Number(uid), gid: Number(gid) }]),
  )
  return users.get('postgres') ?? users.get('nobody') ?? { uid: 65_534, gid: 65_534 }
}

export interface Server {
  url: string
  /** Of this machine. */
  port: number
  /** Its process. */
  pid(): number
  /** Ends it, its files kept. SIGINT is a fast shutdown: sessions are ended, files are left in order. */
  halt(signal?: 'SIGINT' | 'SIGKILL'): Promise<void>
  /** Starts it again where it was halted, and waits until it answers. */
  resume(): Promise<void>
  /** Ends it and removes it. */
  stop(): Promise<void>
}

/** How long a server may take to start, tries of 100 ms: what a killed one left in memory has to go first. */
const startTries = 300

/** @param env added to the environment of the server. */
export async function startServer(folder: string, env: Readonly<Record<string, string>> = {}): Promise<Server> {
  const home = mkdtempSync(join(tmpdir(), 'archmeter-postgres-'))
  const as = unprivileged()
  const data = join(home, 'data')
  const passwordFile = join(home, 'password')
  const password = randomBytes(12).toString('hex')
  mkdirSync(data, { mode: 0o700 })
  writeFileSync(passwordFile, password, { mode: 0o600 })
  if (as.uid !== undefined) for (const path of [home, data, passwordFile]) chownSync(path, as.uid, as.gid)
  const port = await freePort()
  const url = `postgres://${user}:${password}@127.0.0.1:${port}/postgres`
  let log = ''
  let server: ChildProcess | undefined
  const alive = () => server !== undefined && server.exitCode === null && server.signalCode === null
  const halt = async (signal: 'SIGINT' | 'SIGKILL' = 'SIGINT') => {
    const halted = server
    if (!halted || !alive()) return
    const ended = once(halted, 'exit')
    halted.kill(signal)
    const late = setTimeout(() => halted.kill('SIGKILL'), 10_000)
    await ended
    clearTimeout(late)
  }
  const begin = () => {
    // -F: without fsync, since nothing here outlives this script.
    const flags = ['-D', data, '-F', '-p', String(port), '-k', home, '-c', 'listen_addresses=127.0.0.1', '-c', 'max_connections=200']
    server = spawn(join(folder, 'postgres'), flags, {
      ...{ ...as, cwd: home, env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] },
    })
    for (const stream of [server.stdout, server.stderr]) stream?.on('data', (chunk) => (log += chunk))
  }
  const resume = async () => {
    if (!alive()) begin()
    for (let tries = 0; !(await answers(url)); tries++) {
      if (tries > startTries) throw new Error(`PostgreSQL did not start:\n${log}`)
      await sleep(100)
      // Refused as long as a process of a killed one still holds its memory.
      if (!alive()) begin()
    }
  }
  const stop = async () => {
    await halt()
    rmSync(home, { recursive: true, force: true })
  }
  try {
    const options = ['--auth=scram-sha-256', `--username=${user}`, `--pwfile=${passwordFile}`, '--encoding=UTF8', '--locale=C', '--no-sync']
    execFileSync(join(folder, 'initdb'), ['-D', data, ...options], { ...as, cwd: home, stdio: ['ignore', 'ignore', 'pipe'] })
    await resume()
    return { url, port, pid: () => server!.pid!, halt, resume, stop }
  } catch (error) {
    await stop()
    throw error
  }
}

async function answers(url: string): Promise<boolean> {
  const client = new pg.Client({ connectionString: url })
  client.on('error', () => {})
  try {
    await client.connect()
    await client.query('SELECT 1')
    return true
  } catch {
    return false
  } finally {
    await client.end().catch(() => {})
  }
}

/** Why there is no server, and what would help. */
export const noServer =
  `no PostgreSQL ${OLDEST} or newer on this machine (initdb and postgres, looked for by pg_config, in /usr/lib/postgresql and on PATH). ` +
  'On Debian or Ubuntu: apt-get install postgresql.'
