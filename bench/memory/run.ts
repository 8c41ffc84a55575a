/**
 * `npm run bench:memory [-- --networks resnet18,vgg16] [--write]`: the peak of activations of networks of the zoo as ONNX Runtime's
 * own allocator counts it, on the CPU, beside that of the engine. For one image, in float32. `--write` keeps the table in
 * docs/memory.md.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { grouped, table } from '../../scripts/markdown.ts'
import { exportOnnx } from '../../src/engine/formats/onnx-export.ts'
import { verifyGraph } from '../../src/engine/verify.ts'
import { expandZoo } from '../../src/engine/zoo/index.ts'
import { version } from '../../src/gpu/runtimes/onnxruntime/package.ts'
import { counted, measured } from './peaks.ts'

const { values } = parseArgs({
  options: {
    networks: {
      type: 'string',
      default:
        'alexnet,vgg16,googlenet,resnet18,resnet50,densenet121,squeezenet1_1,mobilenet_v1,mobilenet_v2,shufflenet_v2_x1_0,efficientnet_b0',
    },
    write: { type: 'boolean', default: false },
  },
})

const off = (theirs: number, ours: number): string => {
  const percent = (100 * (theirs / ours - 1)).toFixed(1)
  return theirs === ours ? 'equal' : `${theirs > ours ? '+' : '−'}${percent.replace('-', '')} %`
}
const rows = values.networks.split(',').map((preset) => {
  const graph = verifyGraph(expandZoo({ preset }).spec)
  const model = exportOnnx(graph, { weights: 'seeded', storage: 'external' })
  const [plain, over] = [counted(graph, false), counted(graph, true)]
  const [asWritten, optimized] = [measured(model, 'disabled'), measured(model, 'all')]
  const cells = [plain.peak, asWritten.peak, off(asWritten.peak, plain.peak), over.peak, optimized.peak, off(optimized.peak, over.peak)]
  return [`\`${preset}\``, ...cells, over.block, optimized.planned].map((cell) => (typeof cell === 'number' ? grouped(cell) : cell))
})
const text = table(
  [
    'network',
    'here:',
    'not optimized:',
    'off by:',
    'here, in place:',
    'optimized:',
    'off by:',
    'one block here, in place:',
    'second call:',
  ],
  rows,
)
console.log(text)
if (values.write) {
  const page = new URL('../../docs/memory.md', import.meta.url)
  const mark = '<!-- written by npm run bench:memory -- --write; do not edit below -->'
  const [above] = readFileSync(page, 'utf8').split(mark)
  writeFileSync(page, `${above}${mark}\n\nONNX Runtime ${version}, one image, float32, bytes.\n\n${text}\n`)
}
