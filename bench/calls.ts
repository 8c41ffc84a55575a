/**
 * `npm run bench:calls [-- --blocks 20 --networks tiny,squeezenet1_1,resnet18]`: what a call costs by ONNX Runtime's C API
 * beside the npm package's binding, in alternating blocks of one process: same library, same threads, same input. The
 * ratio of each pair of neighbors is taken, so that a busy machine slows both alike.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import type { Graph } from '../src/engine/graph.ts'
import { verifyGraph } from '../src/engine/verify.ts'
import { expandZoo } from '../src/engine/zoo/index.ts'
import { loadRuntime } from '../src/gpu/runtimes/index.ts'
import { errorOfMedian, median } from './figure.ts'

const { values } = parseArgs({
  options: {
    blocks: { type: 'string', default: '20' },
    ms: { type: 'string', default: '400' },
    networks: { type: 'string', default: 'tiny,squeezenet1_1,resnet18' },
  },
})
const [blocks, blockMs] = [Number(values.blocks), Number(values.ms)]
/** A call of which is hardly more than its overhead. */
const tiny = verifyGraph({ input: { shape: [3, 8, 8] }, layers: [{ type: 'Conv2d', outChannels: 4, kernelSize: 3 }, { type: 'ReLU' }] })
const graphOf = (name: string): Graph => (name === 'tiny' ? tiny : verifyGraph(expandZoo({ preset: name }).spec))
const device = { name: 'cpu:0', uuid: '', kind: 'cpu', index: 0, model: '', driver: null } as const
const scratch = mkdtempSync(join(tmpdir(), 'archmeter-bench-'))

const backends = ['cpu', 'node'] as const
console.log('| network | C API, ms | npm binding, ms | ratio, median of pairs ± its error | pairs |\n|---|---|---|---|---|')
try {
  for (const name of values.networks.split(',')) {
    const request = {
      graph: graphOf(name),
      batch: 1,
      resolution: null,
      precision: 'float32',
      threads: 1,
      seed: 0,
      device,
      scratch,
    } as const
    const [ours, theirs] = await Promise.all(backends.map(async (backend) => (await loadRuntime('onnxruntime', backend)).load(request)))
    const block = async (session: NonNullable<typeof ours>): Promise<number> => {
      const samples: number[] = []
      const until = performance.now() + blockMs
      while (samples.length < 5 || performance.now() < until) {
        const start = performance.now()
        await session.run()
        samples.push(performance.now() - start)
      }
      return median(samples)
    }
    for (const session of [ours!, theirs!]) await block(session)
    const taken = { ours: [] as number[], theirs: [] as number[], ratios: [] as number[] }
    for (let i = 0; i < blocks; i++) {
      // Each goes first in turn, so that neither gains from its place.
      const first = i % 2 === 0 ? ours! : theirs!
      const [a, b] = [await block(first), await block(first === ours ? theirs! : ours!)]
      const [mine, other] = first === ours ? [a, b] : [b, a]
      taken.ours.push(mine)
      taken.theirs.push(other)
      taken.ratios.push(mine / other)
    }
    const cells = [median(taken.ours).toFixed(4), median(taken.theirs).toFixed(4)]
    cells.push(`${median(taken.ratios).toFixed(3)} ± ${errorOfMedian(taken.ratios).toFixed(3)}`, String(blocks))
    console.log(`| ${name} | ${cells.join(' | ')} |`)
    for (const session of [ours!, theirs!]) await session.dispose()
  }
} finally {
  rmSync(scratch, { recursive: true, force: true })
}
