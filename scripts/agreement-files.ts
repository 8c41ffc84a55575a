/** The part of docs/agreement.md that is about files of other tools: what their importers make of each, beside the reference. */
import { readdirSync, readFileSync } from 'node:fs'
import { type Costs, computeCosts } from '../src/engine/cost.ts'
import { importKeras, importTfjsLayers } from '../src/engine/formats/keras/index.ts'
import { importOnnx } from '../src/engine/formats/onnx-import/index.ts'
import { agreed, grouped, table } from './markdown.ts'

const fixtures = new URL('../test/fixtures/', import.meta.url)
const read = (path: string) => JSON.parse(readFileSync(new URL(path, fixtures), 'utf8'))
const filesOf = (folder: string, ending: string) => readdirSync(new URL(folder, fixtures)).filter((name) => name.endsWith(ending))
const count = (shape: readonly number[]): number => shape.reduce((product, size) => product * size, 1)

interface KerasLayer {
  class_name: string
  config: { name: string; layers?: KerasLayer[] }
  /** Of the layer when it was built: one shape, or one an input; batch first, channels last. */
  build_config?: { input_shape?: (number | null)[] | (number | null)[][] }
}

/** How many of the layers whose input shapes the file states get these shapes here: "90 of 90". */
function shapesAsBuilt(layers: readonly KerasLayer[], costs: Costs): string {
  const shapes = new Map([
    ...costs.inputs.map(({ id, shape }) => [id, shape] as const),
    ...costs.layers.map((l) => [l.id, l.outputShape] as const),
  ])
  let stated = 0
  let same = 0
  for (const { class_name, config, build_config } of layers) {
    const built = build_config?.input_shape
    if (!built || class_name === 'InputLayer') continue
    stated += 1
    const here = costs.layers.find(({ id }) => id === config.name || id.startsWith(`${config.name}.`))
    const channelsLast = here?.inputs.map((id) => {
      const [channels, ...size] = shapes.get(id)!
      return [...size, channels]
    })
    const there = (Array.isArray(built[0]) ? (built as number[][]) : [built as number[]]).map((shape) => shape.slice(1))
    if (JSON.stringify(channelsLast) === JSON.stringify(there)) same += 1
  }
  return stated === same ? `${same} of ${stated}` : `**${same} of ${stated}**`
}

const kerasReference = (): Record<string, { trainable: number; non_trainable: number; macs_conv_dense: number }> =>
  read('reference/keras/reference.json')

function keras(): string {
  const reference = kerasReference()
  const known = filesOf('keras', '.json').filter((file) => file.split('.')[0]! in reference)
  const rows = known.map((file) => {
    const json = read(`keras/${file}`)
    const costs = computeCosts(importKeras(json), { convention: 'onnx' })
    const { trainable, non_trainable, macs_conv_dense } = reference[file.split('.')[0]!]!
    const { params, buffers, macs } = costs.totals
    return [
      `\`${file}\``,
      agreed(macs, macs_conv_dense),
      agreed(params, trainable),
      agreed(buffers, non_trainable),
      shapesAsBuilt(json.config.layers, costs),
    ]
  })
  return table(['file', 'MACs:', 'trainable:', 'not trainable:', 'shapes:'], rows)
}

/** Elements of outputs that are counted on one side alone, and why. */
const differently: Readonly<Record<string, { elements: number; why: string }>> = {
  'shufflenet_v2_x1_0.ts17.onnx': {
    elements: -13 * (4 + 5),
    why: 'since 13 blocks ask for the shape of a map (4 numbers) and compute 5 scalars with it, at import here',
  },
  'vit_b_16.dynamo.onnx': { elements: 768, why: 'since the class token is repeated for each image' },
  'nasnetalarge.ts17sim.onnx': {
    elements: [
      [96, 165],
      [168, 83],
      [1008, 42],
      [2016, 21],
    ].reduce((all, [channels, size]) => all + channels! * ((size! - 1) * size! + (size! - 1) ** 2), 0),
    why: 'since a Pad of −1 before and 1 after is two crops and a border here, four times',
  },
}

interface OnnxReference {
  macs: number
  n_nodes: number
  initializer_numel_float: number
  node_output_elems: number
}

function onnx(): string {
  const reference: Record<string, OnnxReference> = read('reference/onnx/reference.json')
  const rows = Object.entries(reference).map(([file, expected]) => {
    const { graph, report } = importOnnx(readFileSync(new URL(`onnx/${file}`, fixtures)))
    const { totals } = computeCosts(graph, { convention: 'onnx' })
    const { parameters, nodes } = report
    const others = parameters.differences.reduce((sum, { elements }) => sum + elements, 0)
    const why = [...new Set(parameters.differences.map((each) => each.why))].join('; ')
    return [
      `\`${file}\``,
      agreed(totals.macs, expected.macs),
      agreed(totals.params + others, expected.initializer_numel_float),
      others === 0 ? '' : `${grouped(others)} of them: ${why}`,
      agreed(nodes, expected.n_nodes),
      agreed(totals.outputElements - (differently[file]?.elements ?? 0), expected.node_output_elems),
    ]
  })
  return table(['file', 'MACs:', 'float initializers:', 'no parameters', 'nodes:', 'output elements:'], rows)
}

function tfjs(): string {
  const reference = kerasReference()
  const rows = filesOf('tfjs', '.json').map((file) => {
    const json = read(`tfjs/${file}`) as { weightsManifest: { weights: { shape: number[] }[] }[] }
    const { params, buffers, macs } = computeCosts(importTfjsLayers(json), { convention: 'onnx' }).totals
    const { trainable, non_trainable, macs_conv_dense } = reference[file.split('.')[0]!]!
    const elements = json.weightsManifest.flatMap(({ weights }) => weights).reduce((sum, { shape }) => sum + count(shape), 0)
    return [
      `\`${file}\``,
      agreed(macs, macs_conv_dense),
      agreed(params, trainable),
      agreed(buffers, non_trainable),
      agreed(params + buffers, elements),
    ]
  })
  return table(['file', 'MACs:', 'trainable:', 'not trainable:', 'manifest:'], rows)
}

/** The section, as Markdown. */
export function filesPart(): string {
  return `### ONNX: files of PyTorch's two exporters

Multiply-adds, float initializers (ours are parameters and those that are none, with the reason), nodes, and the elements of all
node outputs, which is every shape at once. ${Object.entries(differently)
    .map(([file, { elements, why }]) => `\`${file}\`: ${grouped(Math.abs(elements))} ${elements > 0 ? 'more here' : 'fewer here'}, ${why}.`)
    .join(' ')}

${onnx()}

### Keras: \`model.to_json()\` of both generations

MACs and parameters are Keras' own (\`count_params()\`, trainable or not, and the shapes of each layer). The files state the input
shapes that most layers were built with; \`shapes\` is how many of them our shape rules arrive at, channels last and batch apart.

${keras()}

### TF.js layers models

\`manifest\` is the sum over the tensors of the file's weight manifest, all parameters and statistics; the importer holds each tensor's
shape against its layer's and refuses a file where they differ.

${tfjs()}`
}
