import { GraphBuilder } from '../../../engine/builder.ts'
import { computeCosts } from '../../../engine/cost.ts'
import type { Graph } from '../../../engine/graph.ts'
import { groupCosts } from '../../../engine/group-costs.ts'
import { leastFlops } from '../../../engine/least-flops.ts'
import { verifyGraph } from '../../../engine/verify.ts'
import type { RunProfile } from '../../contract.ts'
import type { DeviceKind } from '../../devices/device.ts'
import { rooflineConvention } from '../../roofline.ts'
import type { LoadRequest, Runtime } from '../../runtimes/contract.ts'

/**
 * The best rates of a device under a runtime, measured in the same way as the profile: the same worker, threads, precision
 * and settings, by the runtime's own `profile`. Empirical ceilings, as the roofline model has them beside a data sheet's
 * (Williams, Waterman and Patterson, CACM 2009, section 5). The memory ceiling counts bytes as STREAM does (McCalpin, 1995):
 * what is read and what is written, not the line that a cache fetches before it is overwritten.
 */

/** Calls averaged in a figure, and how often it is taken: the best counts, so that a disturbance does not lower a ceiling. */
const calls = 3
const rounds = 3
/** Steps by which a layer that is over too soon grows. */
const mostSteps = 3
/** Time after which no figure is taken again, ms. */
const budgetMs = 1000
/** Largest share of the free memory that the tensors of a calibration may take. */
const freeShare = 1 / 4

/** A graph of one layer, for some images a call. */
interface Candidate {
  /** In words. */
  what: string
  graph: Graph
  batch: number
}

const oneLayer = (shapes: readonly (readonly number[])[], type: string, attributes: Record<string, unknown> = {}): Graph => {
  const builder = new GraphBuilder()
  const inputs = shapes.map((shape, i) => builder.input(shape, `input${i}`))
  return verifyGraph(builder.build(builder.add(type, 'layer', inputs, attributes)))
}

const convolution = (kernel: number, channels: number, batch: number): Candidate => ({
  what: `Conv2d ${kernel}×${kernel}, ${channels} channels in and out on 28×28`,
  graph: oneLayer([[channels, 28, 28]], 'Conv2d', { outChannels: channels, kernelSize: kernel, padding: (kernel - 1) / 2, bias: false }),
  batch,
})
const linear = (features: number, batch: number): Candidate => ({
  what: `Linear, ${features} features in and out`,
  graph: oneLayer([[features]], 'Linear', { outFeatures: features, bias: false }),
  batch,
})

/** A kernel with almost no work: its time is the overhead that every kernel's time includes. */
const tiny: Candidate = { what: 'Add of two tensors of 1 element', graph: oneLayer([[1], [1]], 'Add'), batch: 1 }
/** Calls that its time is the mean of: profilers round to a microsecond. */
const tinyCalls = 100

/** Three tensors pass through the caches. */
const addition = (elements: number): Candidate => ({
  what: `Add of two tensors of ${elements} elements`,
  graph: oneLayer([[elements], [elements]], 'Add'),
  batch: 1,
})

interface Plan {
  /** A dense layer that takes less than this, ms, is enlarged, so that its launch does not matter. */
  longEnoughMs: number
  dense(): Candidate[]
  addedElements: number
}
/** What is run on a kind of device. */
const plans: Record<DeviceKind, Plan> = {
  // 96 MiB in all: the last cache that a few cores share is 32 MiB or so.
  cpu: { longEnoughMs: 10, dense: () => [convolution(3, 128, 1), convolution(1, 256, 1), linear(1024, 64)], addedElements: 2 ** 23 },
  // 384 MiB: the second-level cache of an H100 is 50 MB.
  cuda: { longEnoughMs: 1, dense: () => [convolution(3, 512, 16), convolution(1, 1024, 16), linear(4096, 1024)], addedElements: 2 ** 25 },
}

/** The highest rate of all that were taken, and what it was of. */
class Best {
  perSecond = 0
  words = ''
  take(perSecond: number, words: string): void {
    if (perSecond > this.perSecond) Object.assign(this, { perSecond, words })
  }
}

/**
 * Measures both ceilings, and what a kernel's time holds beside its work: well under two seconds on most machines.
 * @param request that of the profile; its graph, batch, resolution and file are replaced.
 * @param freeBytes memory on the host that may be taken.
 * @throws what the runtime throws.
 */
export async function measureCeilings(
  runtime: Runtime & Required<Pick<Runtime, 'profile'>>,
  request: LoadRequest,
  freeBytes: number,
): Promise<Pick<RunProfile, 'ceilings' | 'kernelOverhead'>> {
  const began = performance.now()
  const { precision, device } = request
  // Calibration uses networks of our own, even if the run uses a user's file.
  const { model: _file, ...conditions } = request
  const fits = ({ graph, batch }: Candidate): boolean => {
    const { weightBytes, peakActivationBytes } = computeCosts(graph, { batch, dtype: precision }).totals
    // The inputs are made on the host first, in float32.
    return runtime.leastMemory(weightBytes, peakActivationBytes) + 2 * peakActivationBytes <= freeShare * freeBytes
  }
  const spent = () => performance.now() - began > budgetMs
  /** Time of a call by the profile, ms. */
  const time = async ({ graph, batch }: Candidate, runs: number): Promise<number> => {
    const { perLayer } = await runtime.profile({ ...conditions, graph, batch, resolution: null }, runs)
    return perLayer.reduce((sum, { ms }) => sum + ms, 0)
  }

  const { longEnoughMs, dense, addedElements } = plans[device.kind]
  const grown = async (candidate: Candidate): Promise<Candidate> => {
    for (let step = 1; step <= mostSteps && !spent(); step++) {
      const growth = Math.ceil(Math.min(64, longEnoughMs / (await time(candidate, 1))))
      const larger = { ...candidate, batch: candidate.batch * growth }
      if (growth === 1 || !fits(larger)) break
      candidate = larger
    }
    return candidate
  }
  const large: Candidate[] = []
  for (const candidate of dense()) large.push(await grown(candidate))
  let elements = addedElements
  // On a small machine a smaller one: what its caches then give is still what a layer of that size gets.
  while (elements > 2 ** 16 && !fits(addition(elements))) elements /= 2

  const [compute, memory] = [new Best(), new Best()]
  let leastFlopsPerSecond = 0
  let bytes = 0
  for (let round = 1; round <= rounds && !(round > 1 && spent()); round++)
    for (const [of, best, unit] of [
      [large, compute, 'flops'],
      [[addition(elements)], memory, 'bytes'],
    ] as const)
      for (const candidate of of) {
        const { graph, batch, what } = candidate
        const [cost] = groupCosts(graph, [['layer']], { batch, dtype: precision, convention: rooflineConvention })
        const count = unit === 'flops' ? cost!.flops : cost!.bytesRead + cost!.bytesWritten
        const ms = await time(candidate, calls)
        if (unit === 'bytes') bytes = count
        else leastFlopsPerSecond = Math.max(leastFlopsPerSecond, (1000 * leastFlops(graph, new Map([['layer', cost!.macs]]))) / ms)
        best.take((1000 * count) / ms, `${what}, batch ${batch}, ${precision}: ${count} ${unit} in ${ms.toFixed(3)} ms`)
      }
  const overheadMs = await time(tiny, tinyCalls)
  return {
    ceilings: {
      compute: { flopsPerSecond: compute.perSecond, leastFlopsPerSecond, measuredWith: compute.words },
      memory: { bytesPerSecond: memory.perSecond, bytes, measuredWith: memory.words },
      durationMs: performance.now() - began,
    },
    kernelOverhead: { ms: overheadMs, measuredWith: `${tiny.what}, mean of ${tinyCalls} calls` },
  }
}
