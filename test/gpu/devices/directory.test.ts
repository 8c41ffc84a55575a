import assert from 'node:assert/strict'
import { after, afterEach, before, describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { RuntimeSupport } from '../../../src/gpu/contract.ts'
import type { Device } from '../../../src/gpu/devices/device.ts'
import { DeviceDirectory } from '../../../src/gpu/devices/directory.ts'
import type { Store } from '../../../src/store/index.ts'
import { openTestStore, quietLog, type TestStore } from '../../store/helper.ts'

let opened: TestStore
/** The store as several services share it: the embedded one runs the same statements. */
let shared: Store
before(async () => {
  opened = await openTestStore()
  shared = { ...opened.store, kind: 'postgres' }
})
after(() => opened.close())

const device = (name: string, uuid: string, host: string): Device => ({
  name,
  uuid,
  kind: 'cpu',
  index: 0,
  host,
  model: 'a CPU',
  memoryBytes: 1,
  driver: null,
})
const works: RuntimeSupport[] = [
  {
    runtime: 'tfjs',
    usable: true,
    version: '4',
    backend: 'wasm',
    capabilities: { precisions: ['float32'], separatesCopies: false, perLayer: false, maxThreads: 1 },
  },
]
/** A second is long beside what a statement takes on a busy machine: what lives is not taken for dead. */
const directory = (store: Store, devices: Device[], { renewMs = 1000, probe = async () => works } = {}) => {
  const made = new DeviceDirectory({ store, survey: () => ({ devices, absent: [] }), probe, log: quietLog, renewMs })
  started.push(made)
  return made
}
/** Stopped after each test, whatever becomes of it: their timers would keep the process. */
const started: DeviceDirectory[] = []
afterEach(async () => {
  await Promise.all(started.splice(0).map((each) => each.stop()))
})

async function until(condition: () => Promise<boolean>): Promise<void> {
  const end = performance.now() + 60_000
  while (!(await condition())) {
    if (performance.now() > end) assert.fail('it did not come about within a minute')
    await sleep(20)
  }
}

describe('services on one database', () => {
  it('see each other’s devices while those live, and no longer', async () => {
    const taker = directory(shared, [])
    const left = directory(shared, [device('cpu:0', 'CPU-left', 'left')])
    const right = directory(shared, [device('cpu:0', 'CPU-right', 'right')])
    for (const each of [taker, left, right]) each.start()
    const seen = async () => (await taker.list()).devices.map(({ uuid, local }) => [uuid, local])
    await until(async () => (await seen()).length === 2)
    assert.deepEqual(
      new Map((await seen()) as [string, boolean][]),
      new Map([
        ['CPU-left', false],
        ['CPU-right', false],
      ]),
    )
    assert.deepEqual((await taker.list()).devices[0]!.runtimes, works)
    const own = (await left.list()).devices
    assert.deepEqual(
      own.map(({ uuid, local }) => [uuid, local]),
      [
        ['CPU-left', true],
        ['CPU-right', false],
      ],
    )
    await left.stop()
    assert.deepEqual(await seen(), [['CPU-right', false]], 'a service that stops takes its devices with it')
    await right.stop()
    assert.deepEqual(await seen(), [])
    await taker.stop()
  })

  it('forget one that vanished when its renewals stay away', async () => {
    const taker = directory(shared, [])
    await shared.bulletins.post('vanished', { host: 'x', devices: [{ ...device('cpu:0', 'CPU-x', 'x'), runtimes: works }], absent: [] })
    assert.equal((await taker.list()).devices.length, 1)
    await until(async () => (await taker.list()).devices.length === 0)
    assert.equal((await shared.bulletins.list()).length, 1)
    await shared.bulletins.removeOlder(0)
    assert.equal((await shared.bulletins.list()).length, 0)
  })

  it('name a device once, where two services of one host offer it', async () => {
    const [a, b] = [directory(shared, [device('cpu:0', 'CPU-same', 'h')]), directory(shared, [device('cpu:0', 'CPU-same', 'h')])]
    for (const each of [a, b]) each.start()
    await until(async () => (await shared.bulletins.list()).length === 2)
    assert.deepEqual(
      (await a.list()).devices.map(({ uuid, local }) => [uuid, local]),
      [['CPU-same', true]],
    )
    await Promise.all([a.stop(), b.stop()])
  })
})

describe('a service alone', () => {
  it('on the embedded store tells nobody', {
    skip: process.env.ARCHMETER_TEST_DATABASE_URL ? 'skipped: the store is shared here' : false,
  }, async () => {
    const alone = directory(opened.store, [device('cpu:0', 'CPU-alone', 'here')], { renewMs: 10 })
    alone.start()
    await sleep(50)
    assert.deepEqual(await opened.store.bulletins.list(), [])
    assert.equal((await alone.list()).devices.length, 1)
    await alone.stop()
  })
})
