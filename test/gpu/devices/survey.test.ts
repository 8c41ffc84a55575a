import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import os from 'node:os'
import { test } from 'node:test'
import type { Device } from '../../../src/gpu/devices/device.ts'
import { cacheBytes, cpuList, parseCpuTime } from '../../../src/gpu/devices/host-facts.ts'
import { parseCapabilities, parseGpuLog } from '../../../src/gpu/devices/nvidia-smi.ts'
import { cpuUuid, cudaDevices, surveyDevices } from '../../../src/gpu/devices/survey.ts'
import { withNvidiaSmi } from './fake-nvidia-smi.ts'

const fixture = (name: string) => readFile(new URL(`../../fixtures/nvidia-smi/${name}`, import.meta.url), 'utf8')
const capabilities = parseCapabilities('GPU-5f1c2a34-0b1d-4c6e-9f00-1234567890ab, 9.0\nGPU-0a9b8c7d-6e5f-4a3b-8c1d-abcdef012345, [N/A]\n')
const read = async (name: string) => parseGpuLog(await fixture(name), capabilities)
const survey = async (name: string, visible?: string) => cudaDevices(await read(name), 'host-a', visible)

test('the CPU is a device, with a UUID that stays', async () => {
  const [first] = (await surveyDevices()).devices
  const [again] = (await surveyDevices()).devices
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

test('the CPU’s clocks and caches, as lscpu reads them', async () => {
  const [{ cpu }] = (await surveyDevices()).devices as [Device]
  const lscpu = JSON.parse(execFileSync('lscpu', ['-J', '-C=LEVEL,TYPE,ONE-SIZE', '-B'], { encoding: 'utf8' })) as {
    caches: { level: number; type: string; 'one-size': number }[]
  }
  assert.deepEqual(
    cpu!.caches.map(({ level, type, bytes }) => [level, type, bytes]).sort(),
    lscpu.caches.map((cache) => [Number(cache.level), cache.type.toLowerCase(), Number(cache['one-size'])]).sort(),
  )
  assert.equal(cacheBytes('1024K\n'), 2 ** 20)
  const mhz = cpu!.frequencyMHz.current
  assert.ok(mhz === null || (mhz > 100 && mhz < 10_000), String(mhz))
})

/** The same GPU, as nvidia-smi's CSV has it: the other of the two forms in which it tells. */
async function csvOfH200(): Promise<Record<string, string>> {
  const [names, values] = (await readFile(new URL('../../fixtures/gpu/query.h200.csv', import.meta.url), 'utf8')).trim().split('\n')
  const cells = (line: string) => line.split(', ')
  return Object.fromEntries(cells(names!).map((name, i) => [name, cells(values!)[i]!]))
}

test('a real H200’s XML is read element by element, and its figures are those of its CSV', async () => {
  const csv = await csvOfH200()
  const uuid = csv.uuid!
  const { devices, absent } = cudaDevices(
    await parseGpuLog(await fixture('h200.xml'), parseCapabilities(`${uuid}, ${csv.compute_cap}\n`)),
    'host-a',
  )
  const mebibytes = (name: string) => Number(/^(\d+) MiB$/.exec(csv[name]!)![1]) * 2 ** 20
  const number = (name: string) => Number.parseFloat(csv[name]!)
  assert.deepEqual(absent, [])
  assert.deepEqual(devices, [
    {
      name: 'cuda:0',
      uuid,
      kind: 'cuda',
      index: 0,
      host: 'host-a',
      model: csv.name,
      memoryBytes: mebibytes('memory.total [MiB]'),
      memoryFreeBytes: mebibytes('memory.free [MiB]'),
      driver: csv.driver_version,
      computeCapability: '9.0',
      gpu: {
        pciBusId: csv['pci.bus_id'],
        cudaVersion: '13.0',
        persistence: csv.persistence_mode === 'Enabled',
        mig: csv['mig.mode.current'] === 'Enabled',
        ecc: csv['ecc.mode.current'] === 'Enabled',
        powerLimitWatts: { current: number('power.limit [W]'), default: 700, max: number('power.max_limit [W]') },
        clocksMHz: {
          current: { graphics: 345, sm: number('clocks.current.sm [MHz]'), memory: 3201 },
          max: { graphics: 1980, sm: number('clocks.max.sm [MHz]'), memory: 3201 },
        },
        processes: [],
      },
    },
  ])
})

test('a process that holds a GPU is named as it is', async () => {
  const [first] = (await survey('two-gpus.xml')).devices
  assert.deepEqual(first!.gpu!.processes, [{ pid: 4711, name: '/usr/bin/python3 train.py --name=a&b', usedBytes: 1078 * 2 ** 20 }])
})

test('what a GPU does not have is null, also under the names of older drivers', async () => {
  const [device] = (await survey('not-available.xml')).devices
  assert.equal(device!.memoryFreeBytes, null)
  assert.equal('computeCapability' in device!, false)
  assert.deepEqual(device!.gpu, {
    pciBusId: '00000000:01:00.0',
    cudaVersion: '12.0',
    persistence: null,
    mig: null,
    ecc: null,
    powerLimitWatts: { current: null, default: null, max: null },
    clocksMHz: { current: { graphics: null, sm: null, memory: null }, max: { graphics: 1911, sm: 1911, memory: 3004 } },
    processes: [{ pid: 12, name: 'Xorg', usedBytes: null }],
  })
  const older = (await fixture('two-gpus.xml'))
    .replaceAll('gpu_power_readings', 'power_readings')
    .replaceAll('current_power_limit', 'power_limit')
  const [, t4] = cudaDevices(await parseGpuLog(older, capabilities), 'h').devices
  assert.deepEqual([t4!.name, t4!.gpu!.powerLimitWatts.current], ['cuda:1', 70])
})

test('a partitioned GPU is no device, and says what would make it one', async () => {
  const { devices, absent } = await survey('mig.xml')
  assert.deepEqual(
    devices.map((device) => device.name),
    ['cuda:1'],
  )
  assert.deepEqual(absent, [
    {
      kind: 'cuda',
      reason: 'cuda:0 is partitioned (MIG is enabled), and a partition cannot be timed as a whole GPU',
      command: 'sudo nvidia-smi -i 0 -mig 0',
    },
  ])
})

test('CUDA_VISIBLE_DEVICES of the service is followed, by index and by UUID', async () => {
  const names = async (visible: string) => (await survey('two-gpus.xml', visible)).devices.map((device) => device.name)
  assert.deepEqual(await names('1'), ['cuda:1'])
  assert.deepEqual(await names('1,0'), ['cuda:0', 'cuda:1'])
  assert.deepEqual(await names('GPU-5f1c'), ['cuda:0'])
  assert.match(JSON.stringify(await survey('two-gpus.xml', '')), /leaves none of 2 GPUs/)
})

test('what cannot be read is a reason, never a device', async () => {
  const whole = await fixture('h200.xml')
  const broken = [
    'garbage',
    '<nvidia_smi_log><gpu></nvidia_smi_log>',
    whole.slice(0, whole.length / 2),
    whole.replace(/<uuid>.*<\/uuid>/, '<uuid>N/A</uuid>'),
    whole.replace('143771 MiB', '[N/A]'),
    whole.replace('143771 MiB', '143771 GB'),
    whole.replace(/<driver_version>.*<\/driver_version>/, ''),
  ]
  for (const text of broken) {
    const { devices, absent } = cudaDevices(await parseGpuLog(text, capabilities), 'h')
    assert.deepEqual(devices, [], text.slice(0, 60))
    assert.match(absent[0]!.reason, /cannot be read|without driver, UUID, name or memory/)
  }
  for (const none of ['no-devices.xml', 'No devices were found'])
    assert.match(
      (none.endsWith('xml') ? await survey(none) : cudaDevices(await parseGpuLog(none, capabilities), 'h')).absent[0]!.reason,
      /lists no GPU/,
    )
})

/** What `surveyDevices` asks nvidia-smi, answered by a fixture; anything else fails. */
const answering = (name: string) => `case "$*" in
  "-q -x") cat '${new URL(`../../fixtures/nvidia-smi/${name}`, import.meta.url).pathname}' ;;
  "--query-gpu=uuid,compute_cap --format=csv,noheader") echo "GPU-5f1c2a34-0b1d-4c6e-9f00-1234567890ab, 9.0" ;;
  *) exit 2 ;;
esac`

test('nvidia-smi is asked for exactly what is read, and a host with GPUs lists them beside the CPU', async () => {
  const { devices, absent } = await withNvidiaSmi(answering('two-gpus.xml'), surveyDevices)
  assert.deepEqual(
    devices.map(({ name, computeCapability }) => [name, computeCapability]),
    [
      ['cpu:0', undefined],
      ['cuda:0', '9.0'],
      ['cuda:1', undefined],
    ],
  )
  assert.deepEqual(absent, [])
})

test('a driver that fails leaves the CPU, with nvidia-smi’s own words and what would mend it', async () => {
  const mismatch = new URL('../../fixtures/nvidia-smi/mismatch.txt', import.meta.url).pathname
  const { devices, absent } = await withNvidiaSmi(`cat '${mismatch}'; exit 18`, surveyDevices)
  assert.deepEqual(
    devices.map((device) => device.name),
    ['cpu:0'],
  )
  assert.equal(absent[0]!.kind, 'cuda')
  assert.match(absent[0]!.reason, /failed with code 18: Failed to initialize NVML: Driver\/library version mismatch .*restart the host/)
  assert.equal(absent[0]!.command, 'sudo reboot')
  const unknown = await withNvidiaSmi('echo "Something new"; exit 3', surveyDevices)
  assert.deepEqual(unknown.absent, [{ kind: 'cuda', reason: 'nvidia-smi failed with code 3: Something new', command: null }])
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
