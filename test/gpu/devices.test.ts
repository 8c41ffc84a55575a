import assert from 'node:assert/strict'
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { test } from 'node:test'
import { cpuUuid, discoverDevices, parseGpus, surveyDevices } from '../../src/gpu/devices.ts'
import { cpuList, parseCpuTime } from '../../src/gpu/host-facts.ts'

const fixture = (name: string) => readFile(new URL(`../fixtures/nvidia-smi/${name}`, import.meta.url), 'utf8')
const found = (result: ReturnType<typeof parseGpus>) => {
  assert.ok('devices' in result, JSON.stringify(result))
  return result.devices
}

test('the CPU is a device, with a UUID that stays', async () => {
  const [first] = await discoverDevices()
  const [again] = await discoverDevices()
  assert.equal(first!.name, 'cpu:0')
  assert.match(first!.uuid, /^CPU-[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
  assert.equal(first!.uuid, again!.uuid)
  assert.ok(first!.cores! >= 1 && first!.cores! <= os.cpus().length)
  assert.ok(first!.memoryBytes > 2 ** 28 && first!.memoryBytes <= os.totalmem())
})

test('the CPU’s UUID comes from the machine id, and is not the machine id', () => {
  const id = '0123456789abcdef0123456789abcdef'
  assert.equal(cpuUuid(`${id}\n`, ['a']), cpuUuid(id, ['b']))
  assert.ok(!cpuUuid(id, []).replaceAll('-', '').includes(id.slice(0, 12)))
  assert.notEqual(cpuUuid(id, []), cpuUuid(id.replace('0', 'f'), []))
})

test('without a machine id the host’s other marks make the UUID: systemd’s "uninitialized" is none', () => {
  for (const missing of [null, '', 'uninitialized\n']) {
    assert.equal(cpuUuid(missing, ['host', 'aa:bb']), cpuUuid(null, ['host', 'aa:bb']))
    assert.notEqual(cpuUuid(missing, ['host', 'aa:bb']), cpuUuid(missing, ['host', 'aa:cc']))
  }
})

test('GPUs are read field by field', async () => {
  const [h100, t4] = found(parseGpus(await fixture('two-gpus.csv'), 'host-a'))
  assert.deepEqual(h100, {
    name: 'cuda:0',
    uuid: 'GPU-5f1c2a34-0b1d-4c6e-9f00-1234567890ab',
    kind: 'cuda',
    index: 0,
    host: 'host-a',
    model: 'NVIDIA H100 80GB HBM3',
    memoryBytes: 81559 * 1024 * 1024,
    driver: '580.65.06',
    computeCapability: '9.0',
  })
  assert.equal(t4!.name, 'cuda:1')
  assert.equal('computeCapability' in t4!, false, 'what nvidia-smi does not know is left out')
})

test('a partitioned GPU is left out, and is the reason where it is the only one', async () => {
  const text = await fixture('mig.csv')
  assert.deepEqual(
    found(parseGpus(text, 'h')).map((device) => device.name),
    ['cuda:1'],
  )
  assert.match(JSON.stringify(parseGpus(text.split('\n')[0]!, 'h')), /cuda:0 is partitioned/)
})

test('CUDA_VISIBLE_DEVICES of the service is followed, by index and by UUID', async () => {
  const text = await fixture('two-gpus.csv')
  const names = (visible: string) => found(parseGpus(text, 'h', visible)).map((device) => device.name)
  assert.deepEqual(names('1'), ['cuda:1'])
  assert.deepEqual(names('1,0'), ['cuda:0', 'cuda:1'])
  assert.deepEqual(names('GPU-5f1c'), ['cuda:0'])
  assert.match(JSON.stringify(parseGpus(text, 'h', '')), /leaves none of 2 GPUs/)
})

test('what cannot be read is a reason, never a device', () => {
  for (const text of [
    'garbage',
    '0, GPU-x, 1, 2, 3, 4, name',
    '0, GPU-ab, [N/A], 580, 9.0, Disabled, NVIDIA',
    'x, GPU-ab, 1, 5, 9.0, [N/A], N',
  ])
    assert.match(JSON.stringify(parseGpus(text, 'h')), /cannot be read/, text)
  assert.match(JSON.stringify(parseGpus('\n', 'h')), /lists no GPU/)
})

/** Puts a stand-in for nvidia-smi first on the PATH. */
async function withNvidiaSmi<T>(script: string, use: () => Promise<T>): Promise<T> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'archmeter-test-'))
  const before = process.env.PATH
  try {
    await writeFile(path.join(folder, 'nvidia-smi'), `#!/bin/sh\n${script}\n`)
    await chmod(path.join(folder, 'nvidia-smi'), 0o755)
    process.env.PATH = `${folder}:${before}`
    return await use()
  } finally {
    process.env.PATH = before
    await rm(folder, { recursive: true })
  }
}

test('nvidia-smi is asked for exactly the fields that are read, and a host with GPUs lists them beside the CPU', async () => {
  const wanted = '--query-gpu=index,uuid,memory.total,driver_version,compute_cap,mig.mode.current,name --format=csv,noheader,nounits'
  const path = new URL('../fixtures/nvidia-smi/two-gpus.csv', import.meta.url).pathname
  const survey = await withNvidiaSmi(`[ "$*" = "${wanted}" ] && cat '${path}'`, surveyDevices)
  assert.deepEqual(
    survey.devices.map((device) => device.name),
    ['cpu:0', 'cuda:0', 'cuda:1'],
  )
  assert.deepEqual(survey.absent, [])
})

test('a driver that fails leaves the CPU, with nvidia-smi’s own words as the reason', async () => {
  const survey = await withNvidiaSmi(
    'echo "NVIDIA-SMI has failed because it could not communicate with the NVIDIA driver."; exit 9',
    surveyDevices,
  )
  assert.deepEqual(
    survey.devices.map((device) => device.name),
    ['cpu:0'],
  )
  assert.equal(survey.absent[0]!.kind, 'cuda')
  assert.match(survey.absent[0]!.reason, /failed with code 9: NVIDIA-SMI has failed because it could not communicate/)
})

test('a host without nvidia-smi says so', async () => {
  const before = process.env.PATH
  try {
    process.env.PATH = '/nonexistent'
    assert.match((await surveyDevices()).absent[0]!.reason, /no NVIDIA driver/)
  } finally {
    process.env.PATH = before
  }
})

test('the kernel’s lists and counters', () => {
  assert.deepEqual(cpuList('0-3,8\n'), [0, 1, 2, 3, 8])
  // user 1000 nice 20 system 300 idle 9999 iowait 55 irq 4 softirq 6 steal 77: proc_stat(5), in 1/100 s
  assert.deepEqual(parseCpuTime('cpu  1000 20 300 9999 55 4 6 77 0 0\ncpu0 1 1 1 1\n'), { busy: 13.3, steal: 0.77 })
  assert.equal(parseCpuTime('intr 5\n'), null)
})
