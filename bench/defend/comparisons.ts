/** A network compared with itself, in turns, again and again: how often the verdict says what is not so. */
import { interleave } from '../../src/gpu/queue/interleave.ts'
import { rounds } from '../../src/gpu/timing/compare.ts'
import { jobFor, type Network, type Target, workerFor } from '../blocks.ts'
import { median } from '../figure.ts'

export const header = [
  '| network | comparisons | rounds of each | said faster | said slower | median ratio | half of its intervals |',
  '|---|---|---|---|---|---|---|',
]

/** Short blocks, since the verdict goes by how blocks differ, not by how long one is. @returns the network's row. */
export async function againstItself(network: Network, target: Target, threads: number, times: number): Promise<string> {
  const job = jobFor(network, target, { threads, warmupMs: 50, minDurationMs: 150, maxDurationMs: 150, minSamples: 1 })
  const worker = workerFor(target)
  const found: { ratio: number; half: number; verdict: string }[] = []
  try {
    for (let i = 0; i < times; i++) {
      const options = { timeoutMs: 600_000, signal: new AbortController().signal, onProgress() {} }
      const outcome = await interleave({ a: job, b: job }, rounds.least, worker, options)
      if (outcome.outcome !== 'compared') throw new Error(`a comparison of ${network.preset} did not succeed: ${JSON.stringify(outcome)}`)
      const { ratio, interval, verdict } = outcome.success.comparison
      found.push({ ratio, half: (interval[1] - interval[0]) / 2, verdict })
    }
  } finally {
    await worker.close()
  }
  const said = (verdict: string) => found.filter((each) => each.verdict === verdict).length
  const half = median(found.map((each) => each.half))
  return `| ${network.preset} | ${times} | ${rounds.least} | ${said('faster')} | ${said('slower')} | ${median(found.map(({ ratio }) => ratio)).toFixed(4)} | ± ${(100 * half).toFixed(1)} % |`
}
