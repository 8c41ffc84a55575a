/** A PostgreSQL server of one's own, for tests: found, started in a folder that goes again, as a user that it accepts. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { chownSync, existsSync, globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'

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

const freePort = (): Promise<number> =>
  new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number }
      server.close(() => resolve(port))
    })
  })

export interface Server {
  url: string
  stop(): Promise<void>
}

export async function startServer(folder: string): Promise<Server> {
  const home = mkdtempSync(join(tmpdir(), 'archmeter-postgres-'))
  const as = unprivileged()
  const data = join(home, 'data')
  const passwordFile = join(home, 'password')
  const password = randomBytes(12).toString('hex')
  mkdirSync(data, { mode: 0o700 })
  writeFileSync(passwordFile, password, { mode: 0o600 })
  if (as.uid !== undefined) for (const path of [home, data, passwordFile]) chownSync(path, as.uid, as.gid)
  let log = ''
  let server: ChildProcess | undefined
  const stop = async () => {
    if (server && server.exitCode === null && server.signalCode === null) {
      const ended = new Promise((resolve) => server!.once('exit', resolve))
      // SIGINT is PostgreSQL's fast shutdown: sessions are ended, files are left in order.
      server.kill('SIGINT')
      await Promise.race([ended, sleep(10_000).then(() => server!.kill('SIGKILL'))])
    }
    rmSync(home, { recursive: true, force: true })
  }
  try {
    const options = ['--auth=scram-sha-256', `--username=${user}`, `--pwfile=${passwordFile}`, '--encoding=UTF8', '--locale=C', '--no-sync']
    execFileSync(join(folder, 'initdb'), ['-D', data, ...options], { ...as, cwd: home, stdio: ['ignore', 'ignore', 'pipe'] })
    const port = await freePort()
    // -F: without fsync, since nothing here outlives this script.
    const flags = ['-D', data, '-F', '-p', String(port), '-k', home, '-c', 'listen_addresses=127.0.0.1', '-c', 'max_connections=200']
    server = spawn(join(folder, 'postgres'), flags, { ...as, cwd: home, stdio: ['ignore', 'pipe', 'pipe'] })
    for (const stream of [server.stdout, server.stderr]) stream?.on('data', (chunk) => (log += chunk))
    const url = `postgres://${user}:${password}@127.0.0.1:${port}/postgres`
    for (let tries = 0; ; tries++) {
      if (await answers(url)) return { url, stop }
      if (tries > 100 || server.exitCode !== null) throw new Error(`PostgreSQL did not start:\n${log}`)
      await sleep(100)
    }
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
