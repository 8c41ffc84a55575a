/** Requests a second for a network's costs, beside a bare Fastify route that sends the same bytes. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { median, show } from '../figure.ts'
import { requestsPerSecond } from '../http.ts'
import { call, startProgram } from '../service.ts'
import type { Part } from './row.ts'
import { serve } from './tree.ts'

export const part: Part = {
  name: 'http',
  async run(trees) {
    const folder = mkdtempSync(join(tmpdir(), 'archmeter-compare-'))
    const stops: (() => Promise<void>)[] = []
    try {
      const sides: { ours: string; bare: string; bytes: number }[] = []
      for (const [i, tree] of trees.entries()) {
        const service = await serve(tree, { RATE_LIMIT: '0' })
        stops.push(service.stop)
        const { links } = await call<{ links: { costs: string } }>(`${service.url}/v1/architectures`, {
          name: 'r50',
          zoo: { preset: 'resnet50' },
        })
        const ours = `${service.url}${links.costs}`
        const text = await (await fetch(ours)).text()
        const file = join(folder, `${i}.json`)
        writeFileSync(file, text)
        const bare = await startProgram('bench/bare-server.ts', [file])
        stops.push(bare.stop)
        sides.push({ ours, bare: bare.url, bytes: Buffer.byteLength(text) })
      }
      const ratios: [number[], number[]] = [[], []]
      for (let block = 0; block <= 8; block++)
        for (const [i, { ours, bare }] of sides.entries()) {
          const ratio = (await requestsPerSecond(ours)) / (await requestsPerSecond(bare))
          // The first block warms up.
          if (block > 0) ratios[i]!.push(ratio)
        }
      const [before, now] = [median(ratios[0]), median(ratios[1])]
      const note = `${sides.map(({ bytes }) => `${show(bytes / 1024)} KiB`).join(' and ')} an answer; 8 pairs of 2 s blocks, 10 connections`
      return [
        {
          what: 'GET …/costs against a bare route',
          unit: '×',
          before,
          now,
          held: now,
          aim: '≥ 0.97 × the bare route',
          met: now >= 0.97,
          note,
        },
      ]
    } finally {
      for (const stop of stops.reverse()) await stop()
      rmSync(folder, { recursive: true, force: true })
    }
  },
}
