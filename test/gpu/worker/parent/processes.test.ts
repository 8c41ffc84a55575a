/** What holds between processes: a worker ends with its service, and two services never time on one device at once. */
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { readdirSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { isAlive, temporaryFolder, until } from '../helpers.ts'

interface Line {
  phase?: string
  pid: number
  interval?: { bootId: string; startNs: string; endNs: string }
}

const temporary = temporaryFolder()
function startParent(uuid: string, runs: number, kind: 'slow' | 'quick' | 'idle' | 'exit'): { parent: ChildProcess; lines: Line[] } {
  const program = fileURLToPath(new URL('./parent.ts', import.meta.url))
  const parent = spawn(process.execPath, [program, uuid, String(runs), kind], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, TMPDIR: temporary },
  })
  const lines: Line[] = []
  createInterface({ input: parent.stdout! }).on('line', (line) => lines.push(JSON.parse(line)))
  return { parent, lines }
}

test('kill -9 of the service ends its worker within about a second, in the middle of a call, and its files go', async () => {
  const { parent, lines } = startParent(`CPU-${randomUUID()}`, 1, 'slow')
  await until(() => lines.some((line) => line.phase === 'timing'), 30_000, 'the timing to begin')
  const { pid } = lines.at(-1)!
  assert.ok(isAlive(pid))
  parent.kill('SIGKILL')
  const took = await until(() => !isAlive(pid), 5000, 'the worker to end')
  assert.ok(took < 2000, `${took} ms`)
  assert.deepEqual(readdirSync(temporary), [])
})

test('an idle worker ends with a service that is killed, and with one that exits without closing it', async () => {
  for (const kind of ['idle', 'exit'] as const) {
    const { parent, lines } = startParent(`CPU-${randomUUID()}`, 0, kind)
    await until(() => lines.length > 0, 30_000, 'the worker to start')
    const ended = parent.exitCode === null ? once(parent, 'exit') : null
    if (kind === 'idle') parent.kill('SIGKILL')
    await until(() => !isAlive(lines[0]!.pid), 5000, 'the worker to end')
    // A service that exits ends its worker first and removes the files after it.
    await ended
    assert.deepEqual(readdirSync(temporary), [], kind)
  }
})

test('two services on one device: their timed parts never overlap, and one of them waited', async () => {
  const uuid = `CPU-${randomUUID()}`
  const services = [startParent(uuid, 3, 'quick'), startParent(uuid, 3, 'quick')]
  const codes = await Promise.all(services.map(async ({ parent }) => (await once(parent, 'close'))[0]))
  assert.deepEqual(codes, [0, 0])
  const lines = services.flatMap((service) => service.lines)
  const intervals = lines.flatMap((line) => line.interval ?? []).map(({ startNs, endNs }) => [BigInt(startNs), BigInt(endNs)] as const)
  assert.equal(intervals.length, 6)
  intervals.sort((a, b) => (a[0] < b[0] ? -1 : 1))
  for (let i = 1; i < intervals.length; i++) assert.ok(intervals[i - 1]![1] <= intervals[i]![0], 'two timed parts overlap')
  assert.equal(new Set(lines.flatMap((line) => line.interval?.bootId ?? [])).size, 1)
  assert.ok(
    lines.some((line) => line.phase === 'waiting'),
    'the services ran at the same time, so one had to wait',
  )
})
