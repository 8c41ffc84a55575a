/** A service of one's own for a browser, and something to see in it: networks registered, runs timed, some waiting. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

const root = resolve(import.meta.dirname, '../..')

export interface Service {
  url: string
  dataDir: string
  stop(): Promise<void>
}

/** A service of this working copy on a free port, ready to serve; `dataDir` of an earlier one goes on where that ended. */
export async function startService(dataDir = mkdtempSync(join(tmpdir(), 'archmeter-web-')), port = 0): Promise<Service> {
  const child = spawn(process.execPath, ['src/api/server.ts'], {
    cwd: root,
    env: { ...process.env, HOST: '127.0.0.1', PORT: String(port), DATA_DIR: dataDir, LOG_FORMAT: 'json' },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const url = await new Promise<string>((found, failed) => {
    child.stdout.on('data', (data) => {
      const match = /Archmeter listens on (http:[^"\s]*)/.exec(String(data))
      if (match) found(match[1]!)
    })
    child.once('exit', (code) => failed(new Error(`the service ended with ${code} before it was ready`)))
  })
  return {
    url,
    dataDir,
    async stop() {
      if (child.exitCode !== null) return
      child.kill('SIGTERM')
      await once(child, 'exit')
    },
  }
}

/** Asks again for half a minute where the service says that it is busy, as it does on a loaded machine. */
export async function call<T = any>(url: string, path: string, body?: unknown, { key = '', tries = 15 } = {}): Promise<T> {
  const headers = key ? { authorization: `Bearer ${key}` } : {}
  const answer = await fetch(
    url + path,
    body ? { method: 'POST', headers: { ...headers, 'content-type': 'application/json' }, body: JSON.stringify(body) } : { headers },
  )
  if (answer.status === 503 && tries > 1) {
    await sleep(2000)
    return call(url, path, body, { key, tries: tries - 1 })
  }
  if (!answer.ok) throw new Error(`${path} answered ${answer.status}: ${await answer.text()}`)
  return (await answer.json()) as T
}

const settings = { warmupMs: 200, minDurationMs: 800, maxDurationMs: 3000 }
const presets = ['alexnet_lecture', 'resnet50', 'mobilenet_v2', 'vgg16_lecture', 'squeezenet1_1', 'densenet121']

async function ended(url: string, id: string): Promise<void> {
  for (let i = 0; i < 600; i++) {
    const { status } = await call(url, `/v1/runs/${id}`)
    if (status !== 'queued' && status !== 'running') return
    await sleep(200)
  }
  throw new Error(`run ${id} has not ended in two minutes`)
}

/** Puts networks, runs and a sweep into a service that has none, and leaves runs waiting. Gives the addresses of its pages. */
export async function fill(url: string): Promise<Record<string, string>> {
  const ids: Record<string, string> = {}
  for (const preset of presets) ids[preset] = (await call(url, '/v1/architectures', { name: preset, zoo: { preset } })).id
  const runOf = (preset: string, runtime: string, rest: object) =>
    call(url, '/v1/runs', { architectureId: ids[preset], device: 'cpu:0', runtime, ...rest })
  const done = async () =>
    (await call(url, '/v1/runs?limit=50&status=succeeded')).items as { id: string; profile: boolean; architectureId: string }[]
  if ((await done()).length < 2) {
    for (const [preset, runtime] of [
      ['alexnet_lecture', 'onnxruntime'],
      ['squeezenet1_1', 'onnxruntime'],
      ['squeezenet1_1', 'tfjs'],
    ] as const) {
      const { id } = await runOf(preset, runtime, { profile: true, settings })
      await ended(url, id)
    }
    // A history: the same measurement again and again.
    for (let i = 0; i < 3; i++) await ended(url, (await runOf('alexnet_lecture', 'onnxruntime', { settings })).id)
    const sweep = await call(url, '/v1/sweeps', {
      architectureId: ids.squeezenet1_1,
      device: 'cpu:0',
      runtime: 'onnxruntime',
      batches: [1, 2, 4],
      settings,
    })
    for (const { runId } of sweep.points) await ended(url, runId)
    const endless = { ...settings, minDurationMs: 500_000, maxDurationMs: 500_000 }
    for (const preset of ['resnet50', 'vgg16_lecture', 'densenet121']) await runOf(preset, 'onnxruntime', { settings: endless })
  }
  const runs = await done()
  const profiled = runs.findLast(({ profile }) => profile) ?? runs[0]!
  const repeated = runs.find(({ profile, architectureId }) => !profile && architectureId === ids.alexnet_lecture) ?? profiled
  const other = runs.find(({ id }) => id !== profiled.id) ?? profiled
  const sweep = (await call(url, '/v1/sweeps?limit=1')).items[0]
  return {
    home: '/',
    architectures: '/architectures',
    architecture: `/architectures/${ids.alexnet_lecture}`,
    convention: `/architectures/${ids.resnet50}?convention=full`,
    graph: `/architectures/${ids.resnet50}?tab=graph`,
    memory: `/architectures/${ids.resnet50}?tab=memory`,
    field: `/architectures/${ids.alexnet_lecture}?tab=field`,
    advice: `/architectures/${ids.resnet50}?tab=advice`,
    rewrite: `/architectures/${ids.vgg16_lecture}?tab=rewrite&recipe=${encodeURIComponent('[{"rewrite":"depthwiseSeparable"}]')}`,
    placement: `/architectures/${ids.resnet50}?tab=placement&devices=4`,
    networks: `/compare/architectures?architectures=${ids.alexnet_lecture},${ids.vgg16_lecture}`,
    explore: '/explore',
    runs: '/runs',
    run: `/runs/${profiled.id}`,
    history: `/runs/${repeated.id}/history`,
    compare: `/compare?a=${profiled.id}&b=${other.id}`,
    ...(sweep ? { sweep: `/sweeps/${sweep.id}` } : {}),
    devices: '/devices',
    // Without a key anybody on loopback is an admin, so these have something to say.
    noKeys: '/keys',
    audit: '/audit',
    calls: '/calls',
    refused: '/architectures/00000000-0000-7000-8000-000000000000',
  }
}

/** Makes keys, which closes the service to those without one, and lets one of them queue a run. Gives the pages to be seen with each. */
export async function fillKeys(url: string): Promise<{ key: string; pages: Record<string, string> }[]> {
  const { key: admin } = await call<{ key: string }>(url, '/v1/keys', { name: 'Ada, on call', role: 'admin' })
  const make = (body: object) => call<{ key: string; prefix: string }>(url, '/v1/keys', body, { key: admin })
  const runner = await make({
    ...{ name: 'ci', role: 'runner', weight: 3, expiresAt: new Date(Date.now() + 90 * 86_400_000).toISOString() },
    quotas: { runsPerHour: 2, deviceSecondsPerDay: 3600, bytesStored: 1e9 },
  })
  const { key: reader } = await make({ name: 'dashboards', role: 'reader' })
  const { items } = await call<{ items: { id: string }[] }>(url, '/v1/architectures?limit=1', undefined, { key: reader })
  const body = { architectureId: items[0]!.id, device: 'cpu:0', runtime: 'onnxruntime', batch: 2 }
  const run = await call<{ id: string }>(url, '/v1/runs', body, runner)
  return [
    { key: admin, pages: { keys: '/keys', auditOfKey: `/audit?key=${runner.prefix}`, runOfKey: `/runs/${run.id}`, runsOfKeys: '/runs' } },
    { key: reader, pages: { keysOfReader: '/keys', auditOfReader: '/audit' } },
  ]
}
