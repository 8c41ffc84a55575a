/** A run that takes more memory than its worker may: it fails alone, with a code, and the next one succeeds. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { register } from '../hostile/requests.ts'
import { spawnService } from '../service-process.ts'
import type { Fault } from './contract.ts'

/** The least that WORKER_MEMORY_BYTES may be. Node itself reserves about 600 MB of it. */
const memoryBytes = 2 ** 30
/** Maps of 64×160×160 floats: 6.25 MiB an image each, two of them live at once, and the input beside them. */
const wide = {
  name: 'wide',
  input: { shape: [64, 160, 160] },
  layers: [...Array.from({ length: 3 }, () => ({ type: 'Conv2d', outChannels: 64, kernelSize: 1 })), { type: 'GlobalAvgPool2d' }],
}
/** Where one fits, and where none does; what malloc takes between them differs from process to process. */
const batches = { first: 14, last: 60, step: 3 }
/** Refused before anything was loaded: no memory ran out. */
const refused = 'OUT_OF_MEMORY_EXPECTED'
const told = /^(OUT_OF_MEMORY|WORKER_CRASHED)$/

export const outOfMemory: Fault = {
  name: 'worker out of memory',
  async run() {
    const dataDir = mkdtempSync(join(tmpdir(), 'archmeter-faults-'))
    const service = spawnService({ DATA_DIR: dataDir, WORKER_MEMORY_BYTES: String(memoryBytes) })
    const failures: string[] = []
    const outcomes: string[] = []
    let [provoked, acknowledged, stuck] = [0, 0, 0]
    try {
      const url = await service.listening()
      const architectureId = await register({ url } as Parameters<typeof register>[0], wide)
      /** Its state, and the code of its failure. */
      const run = async (batch: number): Promise<{ status: string; code: string }> => {
        const settings = { threads: 1, warmupMs: 1, minDurationMs: 1, maxDurationMs: 1, minSamples: 1 }
        const answer = await fetch(`${url}/v1/runs`, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({ architectureId, device: 'cpu:0', runtime: 'onnxruntime', batch, fresh: true, settings }),
        })
        const { id, detail } = (await answer.json()) as { id?: string; detail?: string }
        if (id === undefined) throw new Error(`a run was answered ${answer.status}: ${detail}`)
        acknowledged += 1
        const ended = (await (await fetch(`${url}/v1/runs/${id}?wait=60`)).json()) as { status: string; error: { code: string } | null }
        stuck += Number(['queued', 'running'].includes(ended.status))
        return { status: ended.status, code: ended.error?.code ?? '' }
      }
      for (let batch = batches.first; batch <= batches.last; batch += batches.step) {
        const { status, code } = await run(batch)
        outcomes.push(`${batch} images: ${status} ${code}`.trim())
        if (code === refused) break
        if (status === 'succeeded') continue
        if (told.test(code)) provoked += 1
        else failures.push(`a run of ${batch} images ended as ${status} ${code}`)
        const next = await run(1)
        if (next.status !== 'succeeded') failures.push(`the next run ended as ${next.status} ${next.code}`)
      }
      if (provoked === 0) failures.push('no run took more than there was')
      if (!service.alive()) failures.push('the service ended')
    } finally {
      await service.stop()
      rmSync(dataDir, { recursive: true, force: true })
    }
    return { provoked, tally: { acknowledged, lost: 0, twice: 0, stuck }, failures, notes: outcomes }
  },
}
