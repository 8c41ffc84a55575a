import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fill, imageOf, mountExt4, mountTmpfs, run, unmountable } from '../../mounts.ts'
import type { HostileCase, HostileGroup, Service } from '../contract.ts'
import { expectOutcome, outcomeOf, register } from '../requests.ts'

/** Disks that are full or read-only, by real mounts. */

/** How long the service may take to notice, ms. It looks every 5 s, and a busy machine is late. */
const noticeMs = 60_000

const network = (size: number) => ({ input: { shape: [3, 8, size] }, layers: [{ type: 'Conv2d', outChannels: 4, kernelSize: 3 }] })
const post = async ({ url }: Service, path: string, body: object) =>
  outcomeOf(
    await fetch(url + path, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(30_000),
    }),
  )

/** Waits until `/readyz` answers so, and gives what it says. */
async function readiness({ url }: Service, status: number, reason = /./): Promise<string> {
  let last = ''
  for (const until = performance.now() + noticeMs; performance.now() < until; await sleep(200)) {
    const response = await fetch(`${url}/readyz`)
    last = `${response.status} ${await response.text()}`
    if (response.status === status && reason.test(last)) return last
  }
  throw new Error(`/readyz did not come to ${status} ${reason}: ${last}`)
}

const full: HostileCase = {
  name: 'the disk is full, and emptied again',
  run: async (service) => {
    const architectureId = await register(service, network(8))
    const settings = { threads: 1, warmupMs: 0, minDurationMs: 15_000, maxDurationMs: 15_000, minSamples: 1 }
    const answer = await fetch(`${service.url}/v1/runs`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ architectureId, device: 'cpu:0', runtime: 'onnxruntime', settings }),
    })
    const { id } = (await answer.json()) as { id: string }
    await sleep(2000)
    const filler = join(service.dataDir, 'filler')
    fill(filler)
    await readiness(service, 503, /MiB are free/)
    const refused = expectOutcome(await post(service, '/v1/architectures', { name: 'late', ...network(9) }), 507, 'DISK_FULL', /MiB/)
    let status = ''
    for (const until = performance.now() + noticeMs; status !== 'succeeded' && performance.now() < until; await sleep(500))
      status = ((await (await fetch(`${service.url}/v1/runs/${id}`)).json()) as { status: string }).status
    if (status !== 'succeeded') throw new Error(`the run that was under way is ${status}`)
    rmSync(filler)
    await readiness(service, 200)
    expectOutcome(await post(service, '/v1/architectures', { name: 'late', ...network(9) }), 201)
    return { ...refused, note: `${refused.note}, the run is stored, back by itself` }
  },
}

const readOnlyAndBack: HostileCase = {
  name: 'the data folder is read-only for a while',
  run: async (service) => {
    run('mount', '--bind', service.dataDir, service.dataDir)
    let refused: { status: number | string; note?: string }
    try {
      run('mount', '-o', 'remount,bind,ro', service.dataDir)
      await readiness(service, 503, /EROFS.*mount it writable/)
      refused = expectOutcome(await post(service, '/v1/architectures', { name: 'late', ...network(10) }), 503, 'DATA_FOLDER_READ_ONLY')
    } finally {
      run('umount', service.dataDir)
    }
    await readiness(service, 200)
    expectOutcome(await post(service, '/v1/architectures', { name: 'late', ...network(10) }), 201)
    return { status: refused.status, note: `${refused.note}, back by itself` }
  },
}

/** After an error, ext4 is read-only for open files too, and stays so until it is unmounted. */
const readOnlyByError: HostileCase = {
  name: 'the file system becomes read-only by an error, files open',
  run: async (service) => {
    const architectureId = await register(service, network(8))
    const device = new RegExp(`^/dev/(\\S+) ${service.dataDir} `, 'm').exec(readFileSync('/proc/mounts', 'utf8'))![1]!
    writeFileSync(`/sys/fs/ext4/${basename(device)}/trigger_fs_error`, 'an error')
    await readiness(service, 503, /EROFS.*mount it writable/)
    const wanted: [string, object][] = [
      ['/v1/architectures', { name: 'late', ...network(9) }],
      ['/v1/runs', { architectureId, device: 'cpu:0', runtime: 'onnxruntime' }],
    ]
    for (const [path, body] of wanted) expectOutcome(await post(service, path, body), 503, 'DATA_FOLDER_READ_ONLY')
    // Reading answers too, whatever it answers.
    const list = await fetch(`${service.url}/v1/runs`, { signal: AbortSignal.timeout(30_000) })
    if (list.status !== 200 && list.status !== 503) throw new Error(`a list was answered ${list.status}`)
    return { status: 503, note: 'DATA_FOLDER_READ_ONLY' }
  },
}

export const disks: readonly HostileGroup[] = [
  {
    name: 'disk',
    skip: () => unmountable(mountTmpfs),
    prepare: async (dataDir) => mountTmpfs(dataDir),
    cleanUp: (dataDir) => void run('umount', dataDir),
    cases: [full, readOnlyAndBack],
  },
  {
    name: 'disk-error',
    skip: () => unmountable(mountExt4),
    prepare: async (dataDir) => mountExt4(dataDir),
    cleanUp: (dataDir) => {
      run('umount', dataDir)
      rmSync(imageOf(dataDir))
    },
    cases: [readOnlyByError],
  },
]
