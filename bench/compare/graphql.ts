/** A network's costs over GraphQL, layer by layer, beside mercurius alone with the same schema and the same object. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import autocannon from 'autocannon'
import { median, show } from '../figure.ts'
import { call, startProgram } from '../service.ts'
import type { Part } from './row.ts'
import { serve } from './tree.ts'

const query = `query ($id: ID!) { architecture(id: $id) { id name costs {
  convention batch totals { params macs flops peakActivationBytes weightBytes }
  layers { id params macs flops }
} } }`

async function answersPerSecond(url: string, body: string): Promise<number> {
  const { requests, duration, non2xx, errors } = await autocannon({
    url: `${url}/graphql`,
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body,
    connections: 10,
    duration: 2,
  })
  if (non2xx > 0 || errors > 0) throw new Error(`${url}: ${non2xx} answers without success, ${errors} errors`)
  return requests.total / duration
}

export const part: Part = {
  name: 'graphql',
  async run(trees) {
    const folder = mkdtempSync(join(tmpdir(), 'archmeter-compare-'))
    const stops: (() => Promise<void>)[] = []
    try {
      const sides: { ours: string; bare: string; body: string; bytes: number }[] = []
      for (const [i, tree] of trees.entries()) {
        const service = await serve(tree, { RATE_LIMIT: '0' })
        stops.push(service.stop)
        const { id } = await call<{ id: string }>(`${service.url}/v1/architectures`, { name: 'r50', zoo: { preset: 'resnet50' } })
        const body = JSON.stringify({ query, variables: { id } })
        const { data } = await call<{ data: { architecture: object } }>(`${service.url}/graphql`, { query, variables: { id } })
        const text = JSON.stringify(data)
        const file = join(folder, `${i}.json`)
        writeFileSync(file, text)
        const bare = await startProgram('bench/compare/child/bare-graphql.ts', [join(tree.root, 'schema.graphql'), file])
        stops.push(bare.stop)
        sides.push({ ours: service.url, bare: bare.url, body, bytes: Buffer.byteLength(text) })
      }
      const ratios: [number[], number[]] = [[], []]
      for (let block = 0; block <= 8; block++)
        for (const [i, { ours, bare, body }] of sides.entries()) {
          const ratio = (await answersPerSecond(ours, body)) / (await answersPerSecond(bare, body))
          if (block > 0) ratios[i]!.push(ratio)
        }
      const [before, now] = [median(ratios[0]), median(ratios[1])]
      const note = `every layer of ResNet-50, ${show(sides[1]!.bytes / 1024)} KiB; 8 pairs of 2 s blocks, 10 connections`
      return [
        {
          what: 'GraphQL costs against bare mercurius',
          unit: '×',
          before,
          now,
          held: now,
          aim: '≥ 0.8 × bare mercurius',
          met: now >= 0.8,
          note,
        },
      ]
    } finally {
      for (const stop of stops.reverse()) await stop()
      rmSync(folder, { recursive: true, force: true })
    }
  },
}
