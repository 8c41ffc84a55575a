/** What the service and its workers hold: idle after the start, and idle again after the README's tour. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { show } from '../figure.ts'
import { call, ready, type Started } from '../service.ts'
import { megabytes } from './processes.ts'
import { type Part, share } from './row.ts'
import { serve } from './tree.ts'

/** The README's calls, as both builds take them: a zoo network, a PyTorch file, costs, exports, runs on both runtimes, a profile. */
export async function tour({ url }: Started): Promise<void> {
  const api = `${url}/v1`
  const register = (body: object) => call<{ id: string }>(`${api}/architectures`, body)
  const { id } = await register({ name: 'alexnet', zoo: { preset: 'alexnet' } })
  const file = readFileSync(join(import.meta.dirname, '../../test/fixtures/onnx/resnet50.ts17.onnx'))
  const answer = await fetch(`${api}/architectures?name=r50`, {
    method: 'POST',
    headers: { 'content-type': 'application/octet-stream' },
    body: file,
  })
  if (!answer.ok) throw new Error(`the upload: ${answer.status} ${await answer.text()}`)
  for (const path of [
    'costs',
    'costs?convention=full&batch=32',
    'costs/explain?from=lecture&to=fvcore',
    'export?format=dot',
    'export?format=onnx',
  ])
    await (await fetch(`${api}/architectures/${id}/${path}`)).arrayBuffer()
  for (const more of [{ runtime: 'onnxruntime' }, { runtime: 'tfjs' }, { runtime: 'onnxruntime', profile: true }]) {
    const run = await call<{ id: string; status: string }>(`${api}/runs`, { architectureId: id, device: 'cpu:0', ...more })
    let { status } = run
    while (status === 'queued' || status === 'running') {
      await sleep(500)
      ;({ status } = await call<{ status: string }>(`${api}/runs/${run.id}`))
    }
    if (status !== 'succeeded') throw new Error(`the run on ${more.runtime} is ${status}`)
  }
  await call(`${url}/graphql`, { query: '{ architectures(first: 5) { nodes { id name } } }' })
}

const pause = { idle: 20_000, tour: 120_000 }

export const part: Part = {
  name: 'memory',
  async run(trees) {
    const idle: number[] = []
    const after: number[] = []
    const pss: number[] = []
    for (const tree of trees) {
      const service = await serve(tree)
      try {
        await ready(service)
        await sleep(pause.idle)
        idle.push(megabytes(service.child.pid!, 'Pss'))
        await tour(service)
        await sleep(pause.tour)
        after.push(megabytes(service.child.pid!, 'Rss'))
        pss.push(megabytes(service.child.pid!, 'Pss'))
      } finally {
        await service.stop()
      }
    }
    return [
      share({ what: 'idle memory, service and worker (Pss)', unit: 'MB', note: '20 s after ready, all processes' }, idle[0]!, idle[1]!, {
        atMost: 0.45,
      }),
      share(
        { what: 'memory after the tour (RSS)', unit: 'MB', note: `two minutes idle; Pss ${show(pss[0]!)} and ${show(pss[1]!)} MB` },
        after[0]!,
        after[1]!,
        { atMost: 0.4 },
      ),
    ]
  },
}
