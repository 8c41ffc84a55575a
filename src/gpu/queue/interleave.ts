/**
 * A comparison: blocks of side a and side b in turns, within one claim of the device, so that both see the same minutes of
 * it. Each block is a process of its own, since the median of one process says little of the next one's. Which side goes
 * first in a round is random (Fisher, The Design of Experiments, 1935): then each round favors either of two equal sides
 * with the same probability, whatever the machine does meanwhile, which is all that the verdict assumes. A fixed order would
 * also assume that neighboring blocks are independent: in A B B A two rounds meet at the same side.
 */
import { randomInt } from 'node:crypto'
import { ofBlocks } from '../certificate/comparison.ts'
import { type Clock, systemClock } from '../clock.ts'
import type { BlockFigure, Comparison, ComparisonSuccess, Round } from '../comparison.ts'
import type { RunJob, RunSuccess } from '../contract.ts'
import type { RunProgress } from '../messages.ts'
import { compareRounds } from '../timing/compare.ts'
import { differencesOf } from '../timing/differences.ts'
import { median } from '../timing/percentiles.ts'
import { maxSamples } from '../timing/settings.ts'
import type { ExecuteOptions, Executor, Outcome } from './contract.ts'

type SideName = 'a' | 'b'
type Block = { side: SideName; round: number; success: RunSuccess }
const byLot = (): SideName => (randomInt(2) === 0 ? 'a' : 'b')
export type Interleaved = Exclude<Outcome, { outcome: 'succeeded' }> | { outcome: 'compared'; success: ComparisonSuccess }

/**
 * Never throws where `worker` does not: the first block that does not succeed is the outcome, and says which it was.
 * @param sides the two jobs, whole. @param rounds blocks of each, at least `rounds.least` of `timing/compare.ts`.
 * @param draw says which side goes first in a round; for tests.
 */
export async function interleave(
  sides: Readonly<Record<SideName, RunJob>>,
  rounds: number,
  worker: Executor,
  { timeoutMs, signal, onProgress, clock = systemClock }: Omit<ExecuteOptions, 'fresh'> & { clock?: Clock },
  draw: () => SideName = byLot,
): Promise<Interleaved> {
  const deadline = clock.now() + timeoutMs
  const block = { mostSamples: Math.floor(maxSamples / (2 * rounds)) }
  const blocks: Block[] = []
  for (let round = 0; round < rounds; round++) {
    for (const side of draw() === 'a' ? (['a', 'b'] as const) : (['b', 'a'] as const)) {
      const at = `side ${side}, round ${round + 1} of ${rounds}`
      const left = deadline - clock.now()
      if (left <= 0) return { outcome: 'timedOut', during: at }
      const outcome = await worker.execute({ ...sides[side], block }, { timeoutMs: left, fresh: true, signal, onProgress: () => {} })
      if (outcome.outcome === 'failed' || outcome.outcome === 'crashed')
        return { ...outcome, failure: { ...outcome.failure, message: `${at}: ${outcome.failure.message}` } }
      if (outcome.outcome !== 'succeeded') return { ...outcome, during: `${at}, ${outcome.during}` }
      blocks.push({ side, round, success: outcome.success })
      onProgress(progressOf(blocks.at(-1)!, rounds))
    }
  }
  return { outcome: 'compared', success: conclude(blocks, sides) }
}

const figureOf = ({ success }: Block): BlockFigure => ({ medianMs: median(success.samples), samples: success.samples.length })

const progressOf = (block: Block, rounds: number): RunProgress => ({
  type: 'progress',
  data: { phase: 'comparing', side: block.side, round: block.round + 1, rounds, ...figureOf(block) },
})

function conclude(blocks: readonly Block[], sides: Readonly<Record<SideName, RunJob>>): ComparisonSuccess {
  const of = (side: SideName) => blocks.filter((block) => block.side === side)
  const figures = { a: of('a').map(figureOf), b: of('b').map(figureOf) }
  const perImage = (side: SideName) => figures[side].map(({ medianMs }) => medianMs / sides[side].batch)
  const times = { a: perImage('a'), b: perImage('b') }
  const whole = (side: SideName): BlockFigure => ({
    medianMs: median(Float64Array.from(figures[side], ({ medianMs }) => medianMs)),
    samples: figures[side].reduce((sum, { samples }) => sum + samples, 0),
  })
  const rounds = figures.a.map((a, i): Round => ({ first: blocks[2 * i]!.side, a, b: figures.b[i]!, ratio: times.b[i]! / times.a[i]! }))
  const environment = { a: of('a')[0]!.success.environment, b: of('b')[0]!.success.environment }
  const comparison: Comparison = {
    ...compareRounds(times.a, times.b),
    a: whole('a'),
    b: whole('b'),
    rounds,
    differences: differencesOf(environment.a, environment.b),
  }
  const samples = new Float64Array(comparison.a.samples + comparison.b.samples)
  let at = 0
  for (const { success } of blocks) {
    samples.set(success.samples, at)
    at += success.samples.length
  }
  return { comparison, certificate: ofBlocks(blocks.map(({ success }) => success.certificate)), environment, samples }
}
