import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import path from 'node:path'
import { after, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { verifyGraph } from '../../../../src/engine/verify.ts'
import { seededInput } from '../../../../src/engine/weights.ts'
import type { BackendName, RunJob, RuntimeName } from '../../../../src/gpu/contract.ts'
import type { RunProgress } from '../../../../src/gpu/messages.ts'
import { DeviceWorker, type ExecuteOptions, type Outcome } from '../../../../src/gpu/worker/parent/device-worker.ts'
import { kindFor, workerEnvironment } from '../../../../src/gpu/worker/parent/process.ts'
import { FakeClock } from '../../fake-clock.ts'
import { endless, isAlive, jobOf, quick, silent, slowGraph, temporaryFolder, testDevice, tinyGraph, until } from '../helpers.ts'

// Every scratch folder goes in here, so that what is left behind shows.
const temporary = temporaryFolder()
process.env.TMPDIR = temporary
// As on a host where it is not set up; its own tests are in test/gpu/runtimes/tfjs.
process.env.TENSORFLOW_DIR = path.join(temporary, 'none')

const device = testDevice()
const said: string[] = []
const warned: string[] = []
/** Why the process before each but the first ended. */
const restarts: string[] = []
const worker = new DeviceWorker(device, {
  log: {
    debug: (data) => 'line' in data && said.push(String(data.line)),
    warn: (_data, message) => warned.push(message),
  },
  onRestart: (reason) => restarts.push(reason),
})
after(() => worker.close())

const patient = { timeoutMs: 60_000 }
function success(outcome: Outcome) {
  if (outcome.outcome !== 'succeeded') assert.fail(JSON.stringify(outcome))
  return outcome.success
}
/** Starts the endless run on the slow graph, and calls `when` as soon as it is timed. */
function runEndless(when: () => void, options: Partial<ExecuteOptions> = {}): Promise<Outcome> {
  return worker.execute(jobOf(device, slowGraph, endless), {
    ...patient,
    onProgress: ({ type, data }) => {
      if (type === 'phase' && data.phase === 'timing') when()
    },
    ...options,
  })
}
const nextRunWorks = async () => success(await worker.execute(jobOf(device), patient))

test('a run on each runtime: samples, figures, environment, and the same output', async () => {
  const results = []
  for (const runtime of ['onnxruntime', 'tfjs'] as const) {
    const phases: unknown[] = []
    const onProgress = (progress: RunProgress) => void (progress.type === 'phase' && phases.push(progress.data.phase))
    const job = jobOf(device, tinyGraph, quick, runtime)
    const { result, environment, samples, certificate } = success(await worker.execute(job, { ...patient, onProgress }))
    assert.deepEqual(phases, ['loading', 'firstRun', 'warmup', 'timing'])
    assert.equal(samples.length, result.samples)
    assert.ok(samples.length >= 11 && result.latencyMs.p50! > 0)
    const seconds = Number(BigInt(environment.interval.endNs) - BigInt(environment.interval.startNs)) / 1e9
    const timed = samples.reduce((sum, sample) => sum + sample, 0) / 1000
    assert.ok(timed <= seconds && timed > 0.5 * seconds, `${timed} s of calls in ${seconds} s`)
    assert.ok(Math.abs(result.throughputPerSecond - samples.length / seconds) < 1e-6 * result.throughputPerSecond)
    assert.equal(environment.workerPid, worker.pid)
    assert.equal(environment.threads, 1)
    assert.equal(environment.backend, runtime === 'tfjs' ? 'wasm' : 'cpu')
    assert.deepEqual(environment.settings, job.settings)
    assert.ok(['valid', 'suspect'].includes(certificate.verdict))
    results.push(result.output)
  }
  const [onnx, tfjs] = results
  assert.equal(onnx!.elements, 10)
  assert.ok(onnx!.first.every((value, i) => Math.abs(value - tfjs!.first[i]!) <= 1e-4 * onnx!.maxAbs))
})

test('a fresh run takes its process with it: the next one begins in another', async () => {
  const first = success(await worker.execute(jobOf(device), { ...patient, fresh: true }))
  assert.equal(worker.pid, null)
  assert.deepEqual(restarts, [], 'the first process replaces none')
  const second = success(await worker.execute(jobOf(device), patient))
  assert.deepEqual(restarts, ['fresh'])
  assert.notEqual(second.environment.workerPid, first.environment.workerPid)
  assert.equal(success(await worker.execute(jobOf(device), patient)).environment.workerPid, second.environment.workerPid)
})

test('a block ends with its duration and samples, steady or not, and its samples are bounded', async () => {
  const settings = { ...quick, minDurationMs: 1000, maxDurationMs: 5000 }
  const { samples } = success(await worker.execute({ ...jobOf(device, tinyGraph, settings), block: { mostSamples: 50 } }, patient))
  assert.equal(samples.length, 50)
})

test('outputs come one after another, the first 65,536 elements of them', async () => {
  // 512 elements of the mean over 2×2, then the 131,072 of what it is taken of.
  const graph = verifyGraph({
    input: { shape: [2, 256, 256] },
    layers: [
      { id: 'relu', type: 'ReLU' },
      { id: 'pool', type: 'AdaptiveAvgPool2d', outputSize: 16 },
    ],
    outputs: ['pool', 'relu'],
  })
  const positive = seededInput(0, 'input', 2 * 256 * 256).map((value) => Math.max(0, value))
  for (const runtime of ['onnxruntime', 'tfjs'] as const) {
    const { outputs, result } = success(await worker.execute(jobOf(device, graph, quick, runtime), patient))
    assert.equal(result.output.elements, 512 + 131_072)
    assert.equal(outputs.length, 65_536)
    assert.deepEqual([...outputs.subarray(0, 8)], result.output.first)
    assert.deepEqual(outputs.subarray(512), positive.subarray(0, 65_536 - 512))
  }
})

test('a profiled run has its layers and leaves no file', async () => {
  const { result } = success(await worker.execute({ ...jobOf(device), profile: true }, patient))
  assert.deepEqual(result.profile!.perLayer.flatMap((row) => row.layerIds).sort(), ['conv', 'fc', 'flatten', 'relu'])
  const [scratch] = readdirSync(temporary)
  assert.deepEqual(readdirSync(`${temporary}/${scratch}`), [])
})

test('a run without profile has none, and batch counts images', async () => {
  const { result, samples } = success(await worker.execute({ ...jobOf(device), batch: 4 }, patient))
  assert.equal(result.profile, null)
  assert.equal(result.output.elements, 40)
  assert.ok(result.throughputPerSecond > (3 * samples.length) / (samples.reduce((sum, sample) => sum + sample, 0) / 1000) / 2)
})

test('cancel in the middle of a call ends the process, and the next run works', async () => {
  const controller = new AbortController()
  let cancelledAt = 0
  let pid = 0
  const outcome = await runEndless(
    () => {
      pid = worker.pid!
      cancelledAt = performance.now()
      controller.abort()
    },
    { signal: controller.signal },
  )
  assert.deepEqual(outcome, { outcome: 'cancelled', during: 'timing' })
  assert.ok(performance.now() - cancelledAt < 2000, 'at once, though the call blocks')
  assert.equal(isAlive(pid), false)
  assert.notEqual((await nextRunWorks()).environment.workerPid, pid)
  assert.equal(restarts.at(-1), 'cancelled')
})

test('a run cancelled before it begins does not begin', async () => {
  const outcome = await worker.execute(jobOf(device), { ...patient, signal: AbortSignal.abort() })
  assert.equal(outcome.outcome, 'cancelled')
  await nextRunWorks()
})

test('the timeout ends the process', async () => {
  let pid = 0
  const start = performance.now()
  const outcome = await runEndless(() => {}, { timeoutMs: 3000, onProgress: () => void (pid = worker.pid!) })
  assert.equal(outcome.outcome, 'timedOut')
  assert.ok(performance.now() - start < 4500)
  assert.equal(isAlive(pid), false)
  await nextRunWorks()
  assert.equal(restarts.at(-1), 'timedOut')
})

test('kill -9 of the process costs the run in progress, tells how, and the next run works', async () => {
  const outcome = await runEndless(() => process.kill(worker.pid!, 'SIGKILL'))
  assert.equal(outcome.outcome, 'crashed')
  const { code, message } = (outcome as Extract<Outcome, { outcome: 'crashed' }>).failure
  assert.equal(code, 'WORKER_CRASHED')
  assert.match(message, /by signal SIGKILL .* during timing/)
  await nextRunWorks()
  assert.equal(restarts.at(-1), 'crashed')
})

test('a process killed while idle is replaced, and the run does not notice', async () => {
  const { pid } = worker
  process.kill(pid!, 'SIGKILL')
  await until(() => worker.pid !== pid, 2000, 'the end to be seen')
  const before = restarts.length
  assert.notEqual((await nextRunWorks()).environment.workerPid, pid)
  assert.deepEqual(restarts.slice(before), ['crashed'])
})

test('signals that a terminal or a service manager sends to all do not end it', async () => {
  const { pid } = worker
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.kill(pid!, signal)
  assert.equal((await nextRunWorks()).environment.workerPid, pid)
})

test('a graph that the runtime refuses is a failure, not a crash', async () => {
  const broken = structuredClone(tinyGraph) as unknown as { layers: { type: string; attributes: Record<string, unknown> }[] }
  broken.layers[0]!.type = 'Conv9d'
  const unknown = await worker.execute(jobOf(device, broken as never), patient)
  assert.equal(unknown.outcome, 'failed')
  const odd = structuredClone(tinyGraph) as unknown as { layers: { attributes: Record<string, unknown> }[] }
  odd.layers[0]!.attributes.dilation = [0, 0]
  for (const runtime of ['onnxruntime', 'tfjs'] as const) {
    const outcome = await worker.execute(jobOf(device, odd as never, quick, runtime), patient)
    assert.equal(outcome.outcome, 'failed')
    assert.ok((outcome as Extract<Outcome, { outcome: 'failed' }>).failure.message.length > 10)
  }
  await nextRunWorks()
  assert.equal(restarts.at(-1), 'runFailed')
})

test('a run that cannot fit is refused before it loads, with both figures', async () => {
  const started = performance.now()
  const outcome = await worker.execute({ ...jobOf(device, slowGraph), batch: 10_000 }, patient)
  assert.equal(outcome.outcome, 'failed')
  const { code, message } = (outcome as Extract<Outcome, { outcome: 'failed' }>).failure
  assert.equal(code, 'OUT_OF_MEMORY_EXPECTED')
  // Two maps of 64×192×192 floats live at once: 18 MiB an image; the weights add a few.
  assert.match(message, /needs at least 18000\d MiB .* but \d+ MiB are free/)
  assert.ok(performance.now() - started < 5000)
})

test('what cannot be done is refused with its code', async () => {
  const code = async (job: Parameters<DeviceWorker['execute']>[0]) => {
    const outcome = await worker.execute(job, patient)
    assert.equal(outcome.outcome, 'failed')
    return (outcome as Extract<Outcome, { outcome: 'failed' }>).failure.code
  }
  assert.equal(await code(jobOf(device, tinyGraph, { ...quick, threads: 2 }, 'tfjs')), 'UNSUPPORTED_THREADS')
  assert.equal(await code({ ...jobOf(device), precision: 'float16' }), 'UNSUPPORTED_PRECISION')
  const unpadded = verifyGraph({ input: { shape: [3, 16, 16] }, layers: [{ type: 'Conv2d', outChannels: 2, kernelSize: 5 }] })
  assert.equal(await code({ ...jobOf(device, unpadded), resolution: [3, 3] }), 'INVALID_RESOLUTION')
})

test('both runtimes are found usable on the CPU, one back end with what would set it up; on a GPU that is not there, neither, with reasons', async () => {
  assert.deepEqual(
    (await worker.probe()).map((support) => [support.runtime, support.backend, support.usable || support.command]),
    [
      ['onnxruntime', 'cpu', true],
      ['onnxruntime', 'node', true],
      ['tfjs', 'tensorflow', 'npm run setup:tensorflow'],
      ['tfjs', 'wasm', true],
    ],
  )
  const lines: string[] = []
  const gpu = new DeviceWorker(
    { ...testDevice('GPU-00000000-0000-0000-0000-000000000000'), name: 'cuda:0', kind: 'cuda' },
    { log: { ...silent, debug: (data) => 'line' in data && lines.push(String(data.line)) } },
  )
  try {
    for (const support of await gpu.probe()) {
      assert.equal(support.usable, false)
      assert.ok(!support.usable && support.reason.length > 20)
    }
    const outcome = await gpu.execute({ ...jobOf(gpu.device), runtime: 'onnxruntime' }, patient)
    assert.equal(outcome.outcome, 'failed', 'never the CPU in place of the GPU')
    await until(() => lines.length > 0, 2000, 'what onnxruntime wrote to stderr')
  } finally {
    await gpu.close()
  }
})

test('a listener that throws does not cost the run', async () => {
  const onProgress = () => {
    throw new Error('no')
  }
  success(await worker.execute(jobOf(device), { ...patient, onProgress }))
  assert.ok(warned.includes('a listener to progress failed'))
})

test('two runs asked for at once run one after the other', async () => {
  const [a, b] = (await Promise.all([worker.execute(jobOf(device), patient), worker.execute(jobOf(device), patient)])).map(success)
  assert.ok(BigInt(a!.environment.interval.endNs) <= BigInt(b!.environment.interval.startNs))
})

test('the second run of a network finds it loaded; another batch, seed or optimization does not', async () => {
  const own = new DeviceWorker(testDevice(), { log: silent })
  try {
    const run = async (over: Partial<RunJob> = {}, settings = {}) => {
      const { result, environment } = success(
        await own.execute({ ...jobOf(own.device, tinyGraph, { ...quick, ...settings }), ...over }, patient),
      )
      return { cached: result.sessionCached, loadMs: result.loadMs, first: result.output.first, options: environment.runtimeOptions }
    }
    const loaded = await run()
    const again = await run()
    assert.deepEqual([loaded.cached, again.cached], [false, true])
    assert.equal(again.loadMs, loaded.loadMs, 'of the load that was')
    assert.deepEqual(again.first, loaded.first)
    assert.equal((await run({ batch: 2 })).cached, false)
    assert.equal((await run({}, { seed: 1 })).cached, false)
    const basic = await run({}, { graphOptimization: 'basic' })
    assert.equal(basic.cached, false)
    assert.equal(basic.options.graphOptimizationLevel, 'basic')
    assert.equal((await run()).cached, true, 'still there')
  } finally {
    await own.close()
  }
})

test('resident: the same output; bound memory adds no operation, the npm binding two, and tells', async () => {
  const run = async (mode: 'endToEnd' | 'resident', backend?: BackendName) =>
    success(await worker.execute(jobOf(device, tinyGraph, { ...quick, mode }, 'onnxruntime', backend), patient))
  const [endToEnd, resident, byNode] = [await run('endToEnd'), await run('resident'), await run('resident', 'node')]
  assert.deepEqual(resident.outputs, endToEnd.outputs)
  assert.deepEqual(byNode.outputs, endToEnd.outputs)
  assert.deepEqual(
    [endToEnd, resident, byNode].map(({ environment }) => environment.backend),
    ['cpu', 'cpu', 'node'],
  )
  assert.deepEqual([endToEnd.result.addedOps, resident.result.addedOps], [[], []])
  assert.deepEqual(byNode.result.addedOps, [
    'Mul: 768 elements of the input input by a scalar',
    'ReduceMax: 10 elements of the output fc to a scalar',
  ])
  assert.deepEqual(
    [endToEnd, resident].map(({ environment }) => environment.runtimeOptions.mode),
    ['endToEnd', 'resident'],
  )
})

test('a setting that the runtime does not follow is refused, not ignored', async () => {
  for (const [runtime, settings] of [
    ['onnxruntime', { tf32: false }],
    ['onnxruntime', { cudaGraph: true }],
    ['onnxruntime', { layout: 'nhwc' }],
    ['onnxruntime', { convSearch: 'heuristic' }],
    ['onnxruntime', { fuseConvBias: true }],
    ['onnxruntime', { gpuMemoryBytes: 2 ** 30 }],
    ['tfjs', { mode: 'resident' }],
    ['tfjs', { graphOptimization: 'basic' }],
  ] as const) {
    const outcome = await worker.execute(jobOf(device, tinyGraph, { ...quick, ...settings }, runtime), patient)
    assert.match(JSON.stringify(outcome), /"UNSUPPORTED_SETTING".*is not supported here/, `${runtime} ${JSON.stringify(settings)}`)
  }
})

test('what fails in the process is told in a sentence, and its stack to the log', async () => {
  const logged: { failure?: unknown; stack?: string }[] = []
  const own = new DeviceWorker(testDevice(), { log: { ...silent, warn: (data) => logged.push(data) } })
  try {
    const outcome = await own.execute({ ...jobOf(own.device), graph: { inputs: [] } as never }, patient)
    if (outcome.outcome !== 'failed') assert.fail(JSON.stringify(outcome))
    assert.deepEqual(Object.keys(outcome.failure).sort(), ['code', 'message'])
    const [line] = logged.filter(({ failure }) => failure !== undefined)
    assert.deepEqual(line?.failure, outcome.failure)
    assert.match(line!.stack!, /\n +at .*src\/(engine|gpu)\//)
  } finally {
    await own.close()
  }
})

test('a process that keeps dying is started after a pause that doubles, and a stop ends the pause', async () => {
  const clock = new FakeClock()
  const dying = new DeviceWorker(testDevice(), { log: silent, clock })
  const execute = () => {
    const onProgress = () => void (dying.pid && process.kill(dying.pid, 'SIGKILL'))
    return dying.execute(jobOf(dying.device), { ...patient, onProgress })
  }
  try {
    for (const pauseMs of [null, null, 250]) {
      const before = clock.now()
      const outcome = execute()
      if (pauseMs !== null) {
        await until(() => clock.next === pauseMs, 10_000, `the pause of ${pauseMs} ms`)
        assert.equal(dying.pid, null)
        clock.advance(pauseMs)
      }
      assert.equal((await outcome).outcome, 'crashed')
      assert.equal(clock.now() - before, pauseMs ?? 0)
    }
    const waiting = execute()
    await until(() => clock.next === 500, 10_000, 'the pause')
    await dying.close()
    assert.match((await waiting).outcome, /cancelled/)
  } finally {
    await dying.close()
  }
})

test('a listener to the end of a process that throws keeps no device from its next run', async () => {
  const own = new DeviceWorker(testDevice(), {
    log: silent,
    onExit() {
      throw new Error('no such meter')
    },
  })
  try {
    for (let i = 0; i < 2; i++) success(await own.execute(jobOf(own.device), { ...patient, fresh: true }))
  } finally {
    await own.close()
  }
})

test('where the process cannot start, the outcome says so', async () => {
  const homeless = new DeviceWorker(testDevice(), { log: silent })
  process.env.TMPDIR = '/nonexistent'
  try {
    const outcome = await homeless.execute(jobOf(homeless.device), patient)
    assert.equal(outcome.outcome, 'crashed')
    assert.match(JSON.stringify(outcome), /WORKER_START_FAILED.*nonexistent/)
  } finally {
    process.env.TMPDIR = temporary
    await homeless.close()
  }
})

test('the process is given no secrets, and sees its own GPU alone', () => {
  const environment = {
    PATH: '/bin',
    DATABASE_URL: 'postgres://u:p@h/d',
    NODE_OPTIONS: '--inspect',
    LD_LIBRARY_PATH: '/lib',
    NODE_COMPILE_CACHE: '/cache',
  }
  const options = { cudaFolder: '/cuda', memoryBytes: 0 }
  assert.deepEqual(workerEnvironment({ kind: 'cpu', uuid: 'CPU-1' }, null, '/scratch', options, environment), {
    PATH: '/bin',
    LD_LIBRARY_PATH: '/lib',
    NODE_COMPILE_CACHE: '/cache',
    TMPDIR: '/scratch',
    CUDA_VISIBLE_DEVICES: '',
  })
})

test('on a GPU a process has the libraries of its runtime, and TF32 as the run asks, whatever the service was started with', () => {
  const environment = { CUDA_VISIBLE_DEVICES: '0,1', NVIDIA_TF32_OVERRIDE: '0', LD_LIBRARY_PATH: '/own' }
  const given = (runtime: RuntimeName, tf32: boolean, before: NodeJS.ProcessEnv = environment, profiles = false) => {
    const options = { cudaFolder: '/cuda', memoryBytes: 2 ** 30 }
    const backend = runtime === 'tfjs' ? 'tensorflow' : 'cuda'
    const kind = kindFor({ device: { kind: 'cuda' }, runtime, backend, settings: { threads: 0, tf32 } }, profiles)
    return workerEnvironment({ kind: 'cuda', uuid: 'GPU-1' }, kind, '/s', options, before)
  }
  const { CUDA_VISIBLE_DEVICES, CUDA_DIR, WORKER_MEMORY_BYTES, LD_LIBRARY_PATH, NVIDIA_TF32_OVERRIDE } = given('onnxruntime', true)
  assert.deepEqual(
    [CUDA_VISIBLE_DEVICES, CUDA_DIR, WORKER_MEMORY_BYTES, LD_LIBRARY_PATH, NVIDIA_TF32_OVERRIDE],
    ['GPU-1', '/cuda', '1073741824', '/cuda/lib:/own', undefined],
  )
  assert.equal(given('onnxruntime', false, {}).NVIDIA_TF32_OVERRIDE, '0')
  assert.equal(given('onnxruntime', true, {}).LD_LIBRARY_PATH, '/cuda/lib')
  assert.equal(given('tfjs', true).LD_LIBRARY_PATH, '/own', 'TensorFlow brings a cuDNN of its own')
  // What is timed never waits for each launch, and what is profiled always does.
  for (const runtime of ['onnxruntime', 'tfjs'] as const) {
    assert.equal(given(runtime, true, { CUDA_LAUNCH_BLOCKING: '1' }).CUDA_LAUNCH_BLOCKING, undefined)
    assert.equal(given(runtime, true, { CUDA_LAUNCH_BLOCKING: '0' }, true).CUDA_LAUNCH_BLOCKING, '1')
  }
})

test('on a GPU a profile has a process of its own, whose launches wait for their kernels, and no run follows in it', async () => {
  const gpu = { ...device, kind: 'cuda' as const, name: 'cuda:0', uuid: 'GPU-1', model: 'NVIDIA H200' }
  const echo = new DeviceWorker(gpu, { log: silent, program: fileURLToPath(new URL('./echo.ts', import.meta.url)) })
  // What the service was started with decides neither.
  process.env.CUDA_LAUNCH_BLOCKING = '1'
  try {
    const run = async (profile: boolean) => {
      const { result } = success(await echo.execute({ ...jobOf(gpu), backend: 'cuda', profile }, patient))
      assert.equal(result.profileRefused, null)
      return { timed: JSON.parse(result.addedOps[0]!), profiled: result.profile && JSON.parse(result.profile.method) }
    }
    const first = await run(true)
    assert.equal(first.timed.blocking, null)
    assert.equal(first.profiled.blocking, '1')
    assert.notEqual(first.timed.pid, first.profiled.pid)
    assert.equal(echo.pid, null, 'what a profile leaves in a process is not known')
    const second = await run(false)
    assert.equal(second.timed.blocking, null)
    assert.equal((await run(false)).timed.pid, second.timed.pid)
  } finally {
    delete process.env.CUDA_LAUNCH_BLOCKING
    await echo.close()
  }
})

test('after close nothing is left: no process, no zombie, no file; and nothing starts again', async () => {
  const running = runEndless(() => void worker.close())
  assert.equal((await running).outcome, 'cancelled')
  await worker.close()
  assert.equal(worker.pid, null)
  assert.equal((await worker.execute(jobOf(device), patient)).outcome, 'cancelled')
  // The process list is the witness; ps itself is the one child that may show.
  const children = execFileSync('ps', ['-o', 'pid=,stat=,args=', '--ppid', String(process.pid)], { encoding: 'utf8' })
  assert.equal(
    children
      .split('\n')
      .filter((line) => line.trim() !== '' && !/\bps\b/.test(line))
      .join('\n'),
    '',
  )
  assert.deepEqual(readdirSync(temporary), [])
})
