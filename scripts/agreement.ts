/**
 * `npm run agreement` writes docs/agreement.md: our figures beside those of other tools, network by network and file by file,
 * and why the conventions differ over ResNet-50. A test fails where the page and the code say different things.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { computeCosts } from '../src/engine/cost.ts'
import { explainCosts } from '../src/engine/explain-costs.ts'
import type { Graph } from '../src/engine/graph.ts'
import { verifyGraph } from '../src/engine/verify.ts'
import { expandZoo, families } from '../src/engine/zoo/index.ts'
import { filesPart } from './agreement-files.ts'
import { agreed, grouped, table } from './markdown.ts'

const page = new URL('../docs/agreement.md', import.meta.url)
const fixture = (name: string) => JSON.parse(readFileSync(new URL(`../test/fixtures/reference/${name}`, import.meta.url), 'utf8'))

const presets = new Set(families.flatMap((family) => Object.keys(family.presets)))
const graphs = new Map<string, Graph>()

function graphOf(preset: string): Graph {
  const graph = graphs.get(preset) ?? verifyGraph(expandZoo({ preset }).spec)
  graphs.set(preset, graph)
  return graph
}

const totals = (preset: string, convention: string) => computeCosts(graphOf(preset), { convention }).totals

/** Parameters of the network that torchvision publishes, which is trained with its auxiliary head where it says so. */
function publishedParams(preset: string): number {
  if (preset !== 'inception_v3') return totals(preset, 'onnx').params
  return computeCosts(verifyGraph(expandZoo({ preset, options: { auxiliaryHead: true } }).spec)).totals.params
}

/** Convention → the name of its tool's figure in a reference, and what the figure is multiplied by to be the tool's own. */
type Columns = Readonly<Record<string, readonly [figure: string, factor: number]>>

/** Networks down, conventions across; those that the zoo does not have in one line below. */
function conventionsTable(models: Record<string, Record<string, number>>, columns: Columns): string {
  const names = Object.keys(models)
  const shared = names.filter((name) => presets.has(name))
  const missing = names.filter((name) => !presets.has(name))
  const rows = shared.map((name) => [
    `\`${name}\``,
    ...Object.entries(columns).map(([convention, [figure, factor]]) => {
      const here = convention === 'params' ? publishedParams(name) : totals(name, convention).flops
      return agreed(here, models[name]![figure]! * factor)
    }),
  ])
  const absent = missing.length === 0 ? '' : `\n\nNot in the zoo, so not compared: ${missing.join(', ')}.`
  return `${table(['network', ...Object.keys(columns).map((column) => `${column}:`)], rows)}${absent}`
}

const giga = (count: number): string => `${(count / 1e9).toFixed(3)} G`

/** How one network gets its four figures: each beside the one before, kind of layer by kind of layer. */
function resnet50(): string {
  const steps = ['onnx', 'fvcore', 'ptflops', 'thop']
  const figures = steps.map((convention) => `\`${convention}\` ${giga(totals('resnet50', convention).flops)}`)
  const explained = steps.slice(1).map((to, i) => {
    const from = steps[i]!
    const { items, totals: sum } = explainCosts(graphOf('resnet50'), { from, to })
    const rows = items
      .filter(({ difference }) => difference !== 0)
      .map(({ type, layers, from: one, to: other, difference, why }) => [
        `\`${type}\``,
        layers,
        grouped(one),
        grouped(other),
        grouped(difference),
        why,
      ])
    return `### From \`${from}\`, ${giga(sum.from)}, to \`${to}\`, ${giga(sum.to)}\n\n${table(
      ['kind', 'layers:', `${from}:`, `${to}:`, 'difference:', 'why'],
      [...rows, ['all', '', grouped(sum.from), grouped(sum.to), grouped(sum.difference), '']],
    )}`
  })
  const later = computeCosts(graphOf('resnet50'), { convention: 'onnx' })
  const first = new Map(computeCosts(graphOf('resnet50_v1'), { convention: 'onnx' }).layers.map((layer) => [layer.id, layer]))
  const moved = later.layers.flatMap(({ id, flops, outputShape }) => {
    const same = first.get(id)!
    return same.flops === flops
      ? []
      : [[`\`${id}\``, outputShape.join('×'), same.outputShape.join('×'), grouped(flops), grouped(same.flops), grouped(same.flops - flops)]]
  })
  const [one, other] = [later.totals.flops, totals('resnet50_v1', 'onnx').flops]
  return `One registered network is ${figures.join(', ')}. \`costs/explain\` says why; its items sum to the difference exactly.

${explained.join('\n\n')}

### From \`resnet50\`, ${giga(one)}, to \`resnet50_v1\`, ${giga(other)}, both by \`onnx\`

These are two networks: torchvision halves the resolution in a block's 3×3 convolution, Keras (and the paper) in the 1×1 before
it, so that this 1×1 works on a quarter of the map. The layers that differ:

${table(
  ['layer', 'output of resnet50', 'output of resnet50_v1', 'resnet50:', 'resnet50_v1:', 'difference:'],
  [...moved, ['all', '', '', grouped(one), grouped(other), grouped(other - one)]],
)}`
}

/** The page as Markdown. */
export function agreementPage(): string {
  return `# Agreement with other tools

Written by \`npm run agreement\`; do not edit. A cell shows the one number where both agree, to the last digit, and both in bold
where not. No total is stored in the code: each is counted from the network by the convention's rules, which
\`GET /v1/conventions\` states in words. What the references are and how they were made:
\`test/fixtures/reference/README.md\`. The same comparison over random networks: [tools-agreement.md](tools-agreement.md).

## ResNet-50: five figures

${resnet50()}

## Conventions over torchvision's networks

Batch 1, the resolution of each network's weights. \`onnx\` is held to the multiply-adds of convolutions and linear layers, \`params\` to
the count that torchvision publishes: for \`inception_v3\` with the auxiliary head (\`auxiliaryHead\`, 3,326,696 of them), which no
inference runs and no other figure of the row has.

${conventionsTable(fixture('torchvision.json').models, {
  params: ['publishedParams', 1],
  fvcore: ['fvcore', 1],
  torchinfo: ['torchinfo', 1],
  torch: ['torchFlopCounter', 1],
  onnx: ['macs', 1],
})}

## Conventions over the networks that all tools were run on

The reference has half of FlopCounterMode's figure; \`torch\` is the figure itself.

${conventionsTable(fixture('tools.json').models, {
  params: ['params', 1],
  fvcore: ['fvcore', 1],
  torchinfo: ['torchinfo', 1],
  ptflops: ['ptflops_pytorch', 1],
  thop: ['thop', 1],
  torch: ['flopcounter_half', 2],
})}

## Files of other tools

Batch 1. No figure comes from a file's name or from the zoo: each is counted from the graph that the importer makes of the file.

${filesPart()}
`
}

if (import.meta.main) writeFileSync(page, agreementPage())
