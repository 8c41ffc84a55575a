/**
 * Requests per second of `GET /v1/architectures/{id}/costs`, beside a bare Fastify route that returns the same bytes: what
 * routing, validation, caching, security headers, logs and metrics take. Each in a process of its own, in alternating
 * blocks, since these machines' speed drifts.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import autocannon from 'autocannon'
import { type Benchmark, type Figure, median, runIfMain, show } from './figure.ts'
import { call, startProgram, startService } from './service.ts'

const blocks = 6
const seconds = 2
const connections = 10
const aimRatio = 0.7

/** Of one address, by 10 connections for 2 s. @throws Error where an answer is no success. */
export async function requestsPerSecond(url: string): Promise<number> {
  const result = await autocannon({ url, connections, duration: seconds })
  if (result.non2xx > 0 || result.errors > 0) throw new Error(`${url}: ${result.non2xx} answers without success, ${result.errors} errors`)
  return result.requests.total / result.duration
}

async function run(): Promise<Figure[]> {
  const folder = mkdtempSync(join(tmpdir(), 'archmeter-bench-http-'))
  const service = await startService()
  try {
    const { links } = await call<{ links: { costs: string } }>(`${service.url}/v1/architectures`, {
      name: 'r50',
      zoo: { preset: 'resnet50' },
    })
    const url = `${service.url}${links.costs}`
    const bytes = await (await fetch(url)).text()
    const file = join(folder, 'costs.json')
    writeFileSync(file, bytes)
    const bare = await startProgram('bench/bare-server.ts', [file])
    try {
      const ours: number[] = []
      const theirs: number[] = []
      // The first block of each warms up and is left out.
      for (let block = 0; block <= blocks; block++) {
        const a = await requestsPerSecond(url)
        const b = await requestsPerSecond(bare.url)
        if (block === 0) continue
        ours.push(a)
        theirs.push(b)
      }
      const ratio = median(ours.map((value, i) => value / theirs[i]!))
      return [
        {
          name: 'GET …/costs of resnet50 against a bare route',
          value: ratio,
          unit: '×',
          yardstick: { name: 'the bare Fastify route that sends the same bytes', value: median(theirs), unit: 'requests/s' },
          aim: `at least ${aimRatio} ×`,
          met: ratio >= aimRatio,
          note: `ours ${show(median(ours))} requests/s; ${show(Buffer.byteLength(bytes) / 1024)} KiB an answer; ${connections} connections; median ratio of ${blocks} pairs of ${seconds} s blocks`,
        },
      ]
    } finally {
      await bare.stop()
    }
  } finally {
    await service.stop()
    rmSync(folder, { recursive: true, force: true })
  }
}

export const benchmark: Benchmark = { name: 'http', run }
await runIfMain(benchmark, import.meta.main)
