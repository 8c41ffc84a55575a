/**
 * Whether the worker's figure is the network's: a run's median, as the service measures it, against a bare loop over
 * onnxruntime on the same exported file. Latency of one network differs from process to process and from minute to
 * minute by more than any overhead looked for here. So blocks alternate, bare, worker, bare, bare′, bare …, each a
 * process of its own; a block is set against the bare ones right before and after it; and the yardstick is bare′, a bare
 * block taken in the worker's place. One thread, since two on a shared machine wait for one another.
 */
import { blockOf, exportPreset, nodeBlock, targetNamed, workerBlock } from './blocks.ts'
import { type Benchmark, errorOfMedian, type Figure, median, runIfMain, show } from './figure.ts'

const rounds = 8
const timedMs = 700
const warmupMs = 300
/** Where the bare loop strays from itself by more than this, nothing can be said of the worker. */
const undecidedAbove = 0.1
const length = blockOf({ threads: 1, warmupMs, timedMs })

async function measure(preset: string): Promise<Figure> {
  const target = await targetNamed('cpu:0')
  const network = exportPreset(preset)
  const bareBlock = () => nodeBlock(network, length, target)
  const ourBlock = () => workerBlock(network, length, target)
  try {
    const ratios: { worker: number[]; bare: number[] } = { worker: [], bare: [] }
    let before = await bareBlock()
    const bareMedians = [before]
    for (let block = 0; block < 2 * rounds; block++) {
      const who = block % 2 === 0 ? 'worker' : 'bare'
      const taken = who === 'worker' ? await ourBlock() : await bareBlock()
      const after = await bareBlock()
      ratios[who].push(taken / Math.sqrt(before * after))
      bareMedians.push(after)
      before = after
    }
    const value = median(ratios.worker)
    const self = median(ratios.bare)
    const allowed = Math.max(0.03, Math.abs(self - 1) + 2 * errorOfMedian(ratios.bare))
    const decided = allowed <= undecidedAbove
    const list = (values: number[]) => values.map((each) => each.toFixed(3)).join(' ')
    return {
      name: `median of a run of ${preset} over that of a bare onnxruntime loop`,
      value,
      unit: 'x',
      yardstick: { name: 'the bare loop over itself', value: self, unit: 'x' },
      aim: `within ${(100 * allowed).toFixed(1)} % of 1: 3 %, or as far as the bare loop is from itself, with two standard errors`,
      met: decided && Math.abs(value - 1) <= allowed,
      note: `${decided ? '' : 'UNDECIDED, this machine is too noisy just now: a bare loop does not agree with itself; '}worker ${list(ratios.worker)}; bare ${list(ratios.bare)}; the bare median is ${show(median(bareMedians))} ms`,
    }
  } finally {
    network.remove()
  }
}

export const benchmark: Benchmark = {
  name: 'fidelity',
  run: async () => [await measure('resnet18'), await measure('squeezenet1_1')],
}
await runIfMain(benchmark, import.meta.main)
