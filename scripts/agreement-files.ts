/** The part of docs/agreement.md that is about files of other tools: what their importers make of each, beside the reference. */
import { readdirSync, readFileSync } from 'node:fs'
import { type Costs, computeCosts } from '../src/engine/cost.ts'
import { importKeras, importTfjsLayers } from '../src/engine/formats/keras/index.ts'
import { agreed, table } from './markdown.ts'

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
  const rows = filesOf('keras', '.json').map((file) => {
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
  return `### Keras: \`model.to_json()\` of both generations

MACs and parameters are Keras' own (\`count_params()\`, trainable or not, and the shapes of each layer). The files state the input
shapes that most layers were built with; \`shapes\` is how many of them our shape rules arrive at, channels last and batch apart.

${keras()}

### TF.js layers models

\`manifest\` is the sum over the tensors of the file's weight manifest, all parameters and statistics; the importer holds each tensor's
shape against its layer's and refuses a file where they differ.

${tfjs()}`
}
