import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, test } from 'node:test'
import { besideEarlier } from '../../../src/gpu/certificate/repeats.ts'
import type { Certificate } from '../../../src/gpu/contract.ts'
import { RunQueue } from '../../../src/gpu/queue/index.ts'
import { openTestStore, quietLog, someArchitecture, type TestStore } from '../../store/helper.ts'
import { deviceNamed, ended, ScriptedWorker, scriptedRun } from '../queue/helper.ts'

let opened: TestStore
before(async () => {
  opened = await openTestStore()
})
after(() => opened.close())

const valid: Certificate = { verdict: 'valid', reasons: [] }
const codes = ({ reasons }: Certificate) => reasons.map(({ code }) => code)

test('a median is held against three earlier ones or more, on either side', () => {
  assert.deepEqual(besideEarlier(valid, 99, [1, 1], 0.03), valid)
  assert.deepEqual(besideEarlier(valid, 10.29, [9, 10, 30], 0.03), valid)
  assert.deepEqual(codes(besideEarlier(valid, 10.31, [9, 10, 30], 0.03)), ['NOT_REPEATED'])
  assert.deepEqual(codes(besideEarlier(valid, 9.69, [9, 10, 30], 0.03)), ['NOT_REPEATED'])
  assert.deepEqual(besideEarlier(valid, 9.69, [9, 10, 30], 0.04), valid)
  assert.match(
    besideEarlier(valid, 8.1, [7.57, 7.69, 7.7, 7.9], 0.03).reasons[0]!.message,
    /^The median of 8\.100 ms is 5\.3 % above 7\.695 ms, the middle of 4 earlier runs .* \(7\.570 to 7\.900 ms\)/,
  )
})

test('it is one reason more, and mends nothing', () => {
  const busy = { code: 'CPU_BUSY', message: 'x' }
  const beside = (verdict: Certificate['verdict']) => besideEarlier({ verdict, reasons: [busy] }, 2, [1, 1, 1], 0.03)
  assert.equal(beside('suspect').verdict, 'suspect')
  assert.equal(beside('invalid').verdict, 'invalid')
  assert.deepEqual(codes(beside('suspect')), ['CPU_BUSY', 'NOT_REPEATED'])
})

test('in the queue: the one that strays says so, others do not; a machine that changed for good is believed again', {
  timeout: 30_000,
}, async (t) => {
  const { id } = (await opened.store.architectures.insert(someArchitecture())).architecture
  const device = deviceNamed('cpu:0', `CPU-${randomUUID()}`)
  const workers = new Map([[device.uuid, new ScriptedWorker(device)]])
  const queue = new RunQueue({ store: opened.store, devices: [device], workers, log: quietLog })
  await queue.start()
  t.after(() => queue.stop())
  const measure = async (medianMs: number, measurement = 'one') => {
    const { run } = await queue.enqueue(scriptedRun(id, device, { ms: 1, medianMs }, { measurement }))
    await ended(opened.store, run.id)
    return codes((await opened.store.runs.get(run.id))!.certificate as Certificate).join()
  }
  const said: string[] = []
  for (const medianMs of [10, 10.1, 10.2, 11, 10.05]) said.push(await measure(medianMs))
  assert.deepEqual(said, ['', '', '', 'NOT_REPEATED', ''])
  assert.equal(await measure(99, 'another'), '', 'another measurement has no part in it')
  const changed: string[] = []
  for (let i = 0; i < 10; i++) changed.push(await measure(20))
  assert.equal(changed[0], 'NOT_REPEATED')
  assert.equal(changed.at(-1), '')
  // From the first valid one on, the new figure is the middle of what is looked at.
  assert.ok(changed.lastIndexOf('NOT_REPEATED') < changed.indexOf(''))
})
