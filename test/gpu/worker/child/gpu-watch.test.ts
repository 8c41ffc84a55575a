import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { foreignProcesses, parseProcesses, parseSample, watchGpu } from '../../../../src/gpu/worker/child/gpu-watch.ts'
import { withNvidiaSmi } from '../../devices/fake-nvidia-smi.ts'

const uuid = 'GPU-5f1c2a34-0b1d-4c6e-9f00-1234567890ab'
const current = 'timestamp,clocks.sm,clocks.mem,clocks_event_reasons.active,temperature.gpu,power.draw,utilization.gpu'
/** Answers as nvidia-smi is documented to: one line, or one every so often with --loop-ms; a field it does not know is an error. */
const gpu = ({ fields = current, line = '1980, 2619, 0x0000000000000004, 61, 412.33, 99', holders = '' } = {}) => `
stamp() { date '+%Y/%m/%d %H:%M:%S.%3N'; }
case "$*" in
  "--query-compute-apps=pid,process_name,used_memory --format=csv,noheader,nounits --id=${uuid}") printf '${holders}' ;;
  "--query-gpu=${fields} --format=csv,noheader,nounits --id=${uuid}") echo "$(stamp), ${line}" ;;
  "--query-gpu=${fields} --format=csv,noheader,nounits --id=${uuid} --loop-ms=200") while :; do echo "$(stamp), ${line}"; sleep 0.02; done ;;
  *) echo "Field is not a valid field to query."; exit 2 ;;
esac`
const watchFor = async (ms: number) => {
  const watch = await watchGpu(uuid)
  // On a busy machine a shell takes its time to begin.
  await sleep(300)
  const from = Date.now()
  await sleep(ms)
  const to = Date.now()
  await sleep(60)
  return { ...(await watch.end(from, to)), from, to }
}

test('the samples are those of the timed part, read field by field', async () => {
  const { samples, others, problem, from, to } = await withNvidiaSmi(gpu(), () => watchFor(400))
  assert.equal(problem, null)
  assert.deepEqual(others, [])
  assert.ok(samples.length >= 2)
  for (const { at, ...figures } of samples) {
    assert.ok(at >= from && at <= to, `${at} in ${from} to ${to}`)
    assert.deepEqual(figures, { smMHz: 1980, memoryMHz: 2619, throttle: 4, temperatureC: 61, powerWatts: 412.33, utilization: 99 })
  }
})

test('the lines that a real H200’s driver prints are read, five a second', () => {
  const lines = readFileSync(new URL('../../../fixtures/gpu/loop.h200.csv', import.meta.url), 'utf8')
    .trim()
    .split('\n')
  const samples = lines.map((line) => parseSample(line)!)
  assert.ok(samples.length >= 10 && samples.every((sample) => sample !== null))
  // Idle: the clocks of rest, the reason "GPU is idle" alone (0x1), and what the lines say themselves.
  for (const [i, { at, powerWatts, ...rest }] of samples.entries()) {
    assert.deepEqual(rest, { smMHz: 345, memoryMHz: 3201, throttle: 1, temperatureC: 29, utilization: 0 })
    assert.equal(powerWatts, Number(lines[i]!.split(', ')[5]))
    if (i > 0) assert.ok(Math.abs(at - samples[i - 1]!.at - 200) <= 30, lines[i])
  }
})

test('a timed part too short for a line has the last one', async () => {
  assert.equal((await withNvidiaSmi(gpu(), () => watchFor(0))).samples.length, 1)
})

test('a driver that knows the older name of the throttle reasons is asked by that', async () => {
  const fields = current.replace('event', 'throttle')
  const { samples, problem } = await withNvidiaSmi(gpu({ fields }), () => watchFor(50))
  assert.equal(problem, null)
  assert.equal(samples[0]!.throttle, 4)
})

test('who else holds the GPU is named', async () => {
  const { others } = await withNvidiaSmi(gpu({ holders: '999999, /usr/bin/python3 a, b, 1078\\n' }), () => watchFor(20))
  assert.deepEqual(others, [{ pid: 999_999, name: '/usr/bin/python3 a, b', usedBytes: 1078 * 2 ** 20 }])
})

test('a driver that does not answer is a problem in its own words, and costs nothing else', async () => {
  const { samples, problem } = await withNvidiaSmi('echo "GPU is lost"; exit 15', () => watchFor(20))
  assert.deepEqual(samples, [])
  assert.match(problem!, /GPU is lost/)
})

test('lines: what a GPU does not have is null, and what is no sample is none', () => {
  assert.deepEqual(parseSample('2026/11/24 22:10:01.123, [N/A], 2619, [Not Supported], 61, [Unknown Error], 0'), {
    at: new Date(2026, 10, 24, 22, 10, 1, 123).getTime(),
    smMHz: null,
    memoryMHz: 2619,
    throttle: null,
    temperatureC: 61,
    powerWatts: null,
    utilization: 0,
  })
  for (const line of ['', 'No devices were found', '2026/11/24 22:10:01.123, 1', 'x, 1, 2, 3, 4, 5, 6'])
    assert.equal(parseSample(line), null)
  assert.deepEqual(parseProcesses('12, [Not Found], [N/A]\nNo running processes found\n'), [
    { pid: 12, name: '[Not Found]', usedBytes: null },
  ])
})

test('this process is no foreigner; in a container, where its pid cannot be told, the one that came with the run is not', () => {
  const held = (...pids: number[]) => pids.map((pid) => ({ pid, name: `p${pid}`, usedBytes: null }))
  const foreign = (before: number[], after: number[], contained: boolean) =>
    foreignProcesses(held(...before), held(...after), { pid: 7, contained }).map(({ pid }) => pid)
  assert.deepEqual(foreign([], [7], false), [])
  assert.deepEqual(foreign([3], [3, 7], false), [3])
  assert.deepEqual(foreign([3], [7], false), [3], 'also one that left meanwhile')
  assert.deepEqual(foreign([], [4242], true), [])
  assert.deepEqual(foreign([4242], [4242], true), [], 'a warm process held it before')
  assert.deepEqual(foreign([3], [3, 4242], true), [3])
  assert.deepEqual(foreign([], [4242], false), [4242])
})
