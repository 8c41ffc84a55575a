/** The load test's own rules: what a stall is charged, how kinds are mixed, when memory is flat. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { openLoop, spread } from '../../bench/load/open-loop.ts'
import { memoryTrend } from '../../bench/load/watch.ts'

test('a stall is charged to every request that was due in it, by how long it had left', async () => {
  // A service that answers nothing from 100 ms to 400 ms, and else at once.
  const began = performance.now()
  const send = async () => {
    const now = performance.now() - began
    if (now >= 100 && now < 400) await sleep(400 - now)
    return 'ok'
  }
  const taken = await openLoop({ rate: 100, seconds: 0.6, kindAt: () => 'any', send })
  assert.equal(taken.length, 60)
  // Of the thirty due in the stall those of its first 200 ms waited more than 100 ms: twenty. A closed loop would have one.
  const slow = taken.filter(({ latencyMs }) => latencyMs > 100).length
  assert.ok(slow >= 18, `${slow} waited more than 100 ms`)
  assert.ok(Math.max(...taken.map(({ latencyMs }) => latencyMs)) > 280)
})

test('a sender that was kept from running sends what was due, and is late by as much', async () => {
  let blocked = false
  const send = async () => {
    if (!blocked) {
      blocked = true
      const until = performance.now() + 200
      while (performance.now() < until);
    }
    return 'ok'
  }
  const taken = await openLoop({ rate: 100, seconds: 0.4, kindAt: () => 'any', send })
  assert.equal(taken.length, 40)
  const late = taken.filter(({ lateMs }) => lateMs > 100)
  // Those due in the first 100 of the 200 ms.
  assert.ok(late.length >= 9, `${late.length} were sent more than 100 ms late`)
  for (const { latencyMs, lateMs } of taken) assert.ok(latencyMs >= lateMs)
})

test('kinds come by their shares, evenly', () => {
  const [a, b, c] = [{ share: 5 }, { share: 3 }, { share: 2 }]
  const kindAt = spread([a, b, c])
  const kinds = Array.from({ length: 1000 }, (_, place) => kindAt(place))
  for (const kind of [a, b, c]) assert.equal(kinds.filter((each) => each === kind).length, kind.share * 100)
  // Any ten in a row hold each by its share, one more or less.
  for (let from = 0; from < 990; from++)
    for (const kind of [a, b, c]) {
      const count = kinds.slice(from, from + 10).filter((each) => each === kind).length
      assert.ok(Math.abs(count - kind.share) <= 1)
    }
})

test('memory is flat where a heap goes up and down, and not where it also rises; a short load is not judged', () => {
  const MiB = 2 ** 20
  const course = (minutes: number, bytesAt: (second: number) => number) =>
    memoryTrend(
      Array.from({ length: minutes * 60 }, (_, at) => ({ at, service: bytesAt(at), children: 0 })),
      minutes,
    )
  const saw = (at: number) => (300 + (at % 30)) * MiB
  assert.equal(course(10, saw).flat, true)
  // What fills in the first minute is no growth.
  assert.equal(course(10, (at) => saw(at) - Math.max(0, 60 - at) * MiB).flat, true)
  // 4 MiB a minute are 8 % between the middle of the second fifth and that of the last: 3 and 9 minutes.
  const rising = course(10, (at) => saw(at) + (at / 60) * 4 * MiB)
  assert.equal(rising.flat, false)
  assert.ok(Math.abs(rising.slope / MiB - 4) < 0.3, `${rising.slope / MiB} MiB a minute`)
  assert.ok(Math.abs(course(10, saw).slope / MiB) < 0.3)
  assert.equal(course(2, saw).flat, null)
})
