import assert from 'node:assert/strict'
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { fillDataFolder } from '../store/helper.ts'

const folder = mkdtempSync(join(tmpdir(), 'archmeter-server-'))
before(() => Promise.all(['data', 'open'].map((name) => fillDataFolder(join(folder, name)))))
after(() => rmSync(folder, { recursive: true, force: true }))
const server = join(import.meta.dirname, '../../src/api/server.ts')

/** A real start, with what it wrote so far. */
function start(env: Record<string, string> = {}, args: string[] = []): { child: ChildProcess; out(): string; err(): string } {
  const child = spawn(process.execPath, [server, ...args], {
    env: { ...process.env, PORT: '0', DATA_DIR: join(folder, 'data'), ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let out = ''
  let err = ''
  child.stdout!.on('data', (data) => (out += data))
  child.stderr!.on('data', (data) => (err += data))
  return { child, out: () => out, err: () => err }
}

async function until(condition: () => boolean, what: string): Promise<void> {
  for (let i = 0; !condition(); i++) {
    assert.ok(i < 3000, `no ${what} in 60 s`)
    await delay(20)
  }
}

test('Ctrl-C under npm comes twice and is one clean stop; meanwhile a second start is refused with a sentence', async () => {
  const { child, out, err } = start()
  await until(() => out().includes('Archmeter listens on http://127.0.0.1:'), 'address')
  const second = start()
  const [code] = await once(second.child, 'close')
  assert.notEqual(code, 0)
  assert.match(second.err(), new RegExp(`Archmeter did not start: The data folder .* is in use by process ${child.pid}: .*DATA_DIR`))
  child.kill('SIGINT')
  await until(() => out().includes('SIGINT: stopping'), 'stop')
  child.kill('SIGINT')
  assert.deepEqual(await once(child, 'close'), [0, null])
  assert.match(out(), /"stopped"/)
  assert.equal(err(), '')
})

test('--help prints every setting and starts nothing', async () => {
  const { child, out } = start({}, ['--help'])
  assert.deepEqual(await once(child, 'close'), [0, null])
  for (const name of ['HOST', 'PORT', 'DATA_DIR', 'DATABASE_URL', 'LOG_LEVEL', 'ROLE']) assert.match(out(), new RegExp(`^ +${name} `, 'm'))
})

test('wrong values stop the start, each in a sentence', async () => {
  const { child, out, err } = start({ PORT: '99999', LOG_LEVEL: 'loud' })
  const [code] = await once(child, 'close')
  assert.equal(code, 2)
  assert.equal(out(), '')
  assert.match(err(), /PORT .*65535/)
  assert.match(err(), /LOG_LEVEL .*"warn"/)
})

test('--version prints the version of package.json and starts nothing', async () => {
  const { child, out, err } = start({}, ['--version'])
  assert.deepEqual(await once(child, 'close'), [0, null])
  const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'))
  assert.deepEqual([out(), err()], [`${version}\n`, ''])
})

test('a start that the network could reach is refused without a key, and says how to go on', async () => {
  const settings = { HOST: '0.0.0.0', DATA_DIR: join(folder, 'open'), LOG_FORMAT: 'json' }
  const { child, err } = start(settings)
  assert.deepEqual(await once(child, 'close'), [1, null])
  assert.match(err(), /^Archmeter did not start: .*HOST 0\.0\.0\.0.*npm run keys -- create.*HOST=127\.0\.0\.1.*ALLOW_ANONYMOUS=1/)
})

test('of a worker the refusal names what it serves', async () => {
  const { child, err } = start({ HOST: '0.0.0.0', ROLE: 'worker', DATA_DIR: join(folder, 'open'), LOG_FORMAT: 'json' })
  assert.deepEqual(await once(child, 'close'), [1, null])
  assert.match(err(), /HOST 0\.0\.0\.0.*all of them could read its metrics: make a key first/)
})

test('so is one on loopback behind a proxy, which brings others here', async () => {
  const { child, err } = start({ TRUST_PROXY: '1', DATA_DIR: join(folder, 'open') })
  assert.deepEqual(await once(child, 'close'), [1, null])
  assert.match(err(), /^Archmeter did not start: .*TRUST_PROXY.*npm run keys -- create.*ALLOW_ANONYMOUS=1/)
})

test('a start says where it listens in a line of the log, once, and warns where the network reaches it without a key', async () => {
  const { child, out } = start({ HOST: '0.0.0.0', ALLOW_ANONYMOUS: '1', DATA_DIR: join(folder, 'open'), LOG_FORMAT: 'json' })
  await until(() => out().includes('listens on'), 'address')
  child.kill('SIGTERM')
  await once(child, 'close')
  const lines = out()
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { level: number; msg: string })
  const said = lines.map(({ msg }) => msg).filter((msg) => msg.startsWith('Archmeter listens on'))
  assert.equal(said.length, 1, said.join('\n'))
  assert.match(said[0]!, /^Archmeter listens on http:\/\/127\.0\.0\.1:\d+ and on every other address of this machine$/)
  assert.equal(lines.find(({ msg }) => msg.startsWith('OPEN TO THE NETWORK'))!.level, 40)
})

test('keys are made, listed and revoked by a command, and let a start that the network can reach go on', async () => {
  const env = { ...process.env, DATA_DIR: join(folder, 'open') }
  const keys = (...args: string[]) => spawnSync(process.execPath, [join(server, '../keys.ts'), ...args], { env, encoding: 'utf8' })
  const key = keys('create', '--name', 'me', '--role', 'admin', '--expires', '90d').stdout.trim()
  assert.match(key, /^amk_[0-9a-f]{8}_[0-9a-f]{64}$/)
  // A day that no month has, a date of one notation alone, and a time of day.
  for (const when of ['2099-02-30', '1/2/2099', '2099', '2099-01-01T00:00']) {
    const { status, stderr } = keys('create', '--name', 'x', '--role', 'admin', '--expires', when)
    assert.deepEqual([status, stderr.includes('such as 2027-01-31')], [2, true], when)
  }
  const { child, out } = start({ HOST: '0.0.0.0', DATA_DIR: env.DATA_DIR, LOG_FORMAT: 'json' })
  await until(() => out().includes('listens on'), 'address')
  const url = /listens on (http:\/\/127[^" ]+)/.exec(out())![1]!
  // Asked again where it refuses because this machine is busy.
  const status = async (headers: Record<string, string>): Promise<number> => {
    const { status: found } = await fetch(`${url}/v1/runs`, { headers })
    return found === 503 ? delay(500).then(() => status(headers)) : found
  }
  assert.deepEqual([await status({}), await status({ authorization: `Bearer ${key}` })], [401, 200])
  assert.equal((await fetch(`${url}/healthz`)).status, 200)
  const refused = keys('list')
  assert.match(refused.stderr, /in use by process \d+.*POST \/v1\/keys/)
  child.kill('SIGTERM')
  await once(child, 'close')
  assert.ok(!out().includes('OPEN TO THE NETWORK') && !out().includes(key.slice(13)))
  const prefix = key.slice(0, 12)
  assert.match(keys('quota', prefix, '--runs-per-hour', '9', '--bytes-stored', '10GiB').stderr, /runsPerHour 9, .*bytesStored 10737418240/)
  assert.equal(keys('quota', prefix, '--runs-per-hour', 'none').status, 0)
  const { quotas } = JSON.parse(keys('usage', prefix).stdout)
  assert.deepEqual(quotas, { runsPerHour: null, deviceSecondsPerDay: null, bytesStored: 10_737_418_240 })
  assert.deepEqual([keys('quota', prefix).status, keys('quota', prefix, '--bytes-stored', '5 apples').status], [1, 2])
  assert.match(keys('weight', prefix, '3').stderr, new RegExp(`^${prefix}: weight 3$`, 'm'))
  assert.match(keys('weight', prefix, '1001').stderr, /weight is 1001, but must be/)
  assert.match(keys('list').stdout, /admin +3 /)
  assert.deepEqual([keys('weight', prefix, '1.5').status, keys('weight', prefix).status], [2, 2])
  const last = keys('revoke', prefix)
  assert.deepEqual([last.status, last.stderr.includes('--force')], [1, true])
  assert.equal(keys('revoke', prefix, '--force').status, 0)
  const [listed] = JSON.parse(keys('list', '--json').stdout)
  assert.ok(listed.revokedAt && listed.expiresAt > new Date().toISOString())
  assert.deepEqual([keys('revoke', 'amk_00000000').status, keys('create', '--name', 'x', '--role', 'boss').status], [1, 2])
  assert.match(keys('create', '--name', ' ', '--role', 'admin').stderr, /name is " ", but must be a string of 1 to 100 characters/)
})

test('a data folder that cannot be made ends the start with a sentence, at once', async (t) => {
  if (process.platform !== 'linux') return t.skip('skipped: this host has no /proc, which is of Linux')
  for (const DATA_DIR of ['/proc/x', '/proc/x/y/z', join(server, 'data')]) {
    const { child, err } = start({ DATA_DIR })
    const [code] = await once(child, 'close')
    assert.equal(code, 1, DATA_DIR)
    assert.match(err(), /^Archmeter did not start: The data folder .* cannot be made or entered .*DATA_DIR/)
  }
})
