import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { ApiError } from '../../src/api/errors.ts'
import { clientOf, Slots } from '../../src/api/slots.ts'

const refused = (message: RegExp) => (error: unknown) =>
  error instanceof ApiError && error.code === 'OVERLOADED' && message.test(error.message)
const ended: string[] = []
/** Moves so many bytes a second from now on. */
const holder = (name: string, rate: number, at = performance.now()) => ({
  bytes: () => (rate === fast ? fast : ((performance.now() - at) * rate) / 1000),
  end: () => void ended.push(name),
})
const fast = Number.POSITIVE_INFINITY

test('a client has a share, the rest is for others, and what is given back is there again', () => {
  const slots = new Slots({ total: 3, perClient: 2, what: 'things', graceMs: 0 })
  const release = slots.take('10.0.0.1', holder('a', fast))
  slots.take('10.0.0.1', holder('b', fast))
  assert.throws(() => slots.take('10.0.0.1', holder('c', fast)), refused(/2 things for your address/))
  slots.take('10.0.0.2', holder('d', fast))
  assert.throws(() => slots.take('10.0.0.3', holder('e', fast)), refused(/^3 things: try again/))
  release()
  release()
  slots.take('10.0.0.3', holder('f', fast))
  assert.throws(() => slots.take('10.0.0.4', holder('g', fast)), refused(/things/))
  assert.deepEqual(ended, [])
})

test('where all is taken the slowest gives way, after its grace, of the own address where its share is used up', async () => {
  const slots = new Slots({ total: 3, perClient: 2, what: 'things', graceMs: 50 })
  slots.take('10.0.0.1', holder('slow', 100))
  slots.take('10.0.0.1', holder('slower', 10))
  slots.take('10.0.0.2', holder('slowest', 1))
  assert.throws(() => slots.take('10.0.0.3', holder('early', fast)), refused(/things/))
  await sleep(60)
  slots.take('10.0.0.1', holder('own', fast))
  assert.deepEqual(ended, ['slower'])
  slots.take('10.0.0.3', holder('other', fast))
  assert.deepEqual(ended, ['slower', 'slowest'])
  slots.take('10.0.0.4', holder('third', fast))
  assert.deepEqual(ended, ['slower', 'slowest', 'slow'])
  assert.throws(() => slots.take('10.0.0.5', holder('late', fast)), refused(/things/))
})

test('one that was fast and has come to a halt is slow', async () => {
  const slots = new Slots({ total: 1, perClient: 1, what: 'things', graceMs: 50 })
  slots.take('10.0.0.1', { bytes: () => 1e9, end: () => void ended.push('halted') })
  await sleep(60)
  assert.throws(() => slots.take('10.0.0.2', holder('early', fast)), refused(/things/))
  await sleep(60)
  slots.take('10.0.0.2', holder('other', fast))
  assert.equal(ended.at(-1), 'halted')
})

test('a client is an IPv4 address or an IPv6 network of 64 bits', () => {
  const cases: [string, string][] = [
    ['127.0.0.1', '127.0.0.1'],
    ['::ffff:10.1.2.3', '10.1.2.3'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2'],
    ['2001:DB8:1:2::9', '2001:db8:1:2'],
    ['2001:db8::1', '2001:db8:0:0'],
    ['2001:0db8::', '2001:db8:0:0'],
    ['::1', '0:0:0:0'],
    ['fe80::1%eth0', 'fe80:0:0:0'],
  ]
  for (const [address, client] of cases) assert.equal(clientOf(address), client, address)
})
