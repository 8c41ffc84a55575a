/**
 * Writes docs/zoo.md: every preset, what it costs here, and what others say. `node scripts/zoo-table.ts`; a test fails
 * when the page and the zoo differ.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { computeCosts } from '../src/engine/cost.ts'
import { verifyGraph } from '../src/engine/verify.ts'
import { expandZoo, families, type PublishedFigure } from '../src/engine/zoo/index.ts'
import { grouped as count } from './markdown.ts'

const page = new URL('../docs/zoo.md', import.meta.url)
const fixture = (name: string) => JSON.parse(readFileSync(new URL(`../test/fixtures/reference/${name}`, import.meta.url), 'utf8'))

/** A figure with the digits its source gave. */
function asPublished({ quantity, value, rounding }: PublishedFigure): string {
  if (quantity === 'memoryMiB') return `${value} MiB`
  if (rounding === undefined) return count(value)
  const unit = value >= 1e9 ? 1e9 : 1e6
  const digits = Math.max(0, Math.round(Math.log10(unit / rounding)))
  return `${(value / unit).toFixed(digits)} ${unit === 1e9 ? 'G' : 'M'}`
}

const same = (ours: number, { value, rounding }: PublishedFigure) =>
  Math.abs((rounding ? Math.round(ours / rounding) * rounding : ours) - value) < 1e-6

const torchvisionModels = fixture('torchvision.json').models
const kerasModels = fixture('keras/reference.json')
const onnxFiles = fixture('onnx/reference.json')

/** Presets of Keras Applications' networks. */
const kerasNames: Record<string, string> = { resnet50_v1: 'ResNet50', mobilenet_v1: 'MobileNet', nasnet_mobile: 'NASNetMobile' }

/** Exact figures of another tool for a preset: torchvision's, Keras', or of an exported file. */
function exactReference(preset: string): { params: number; macs: number; source: string } | undefined {
  const model = torchvisionModels[preset]
  // torchvision's count of inception_v3 has the auxiliary head in it, its multiply-adds have not.
  if (model && preset === 'inception_v3') return { params: 23_834_568, macs: model.macs, source: 'torchvision 0.24.1, without the head' }
  if (model) return { params: model.publishedParams, macs: model.macs, source: 'torchvision 0.24.1' }
  if (preset === 'nasnet_large') {
    const file = onnxFiles['nasnetalarge.ts17sim.onnx']
    return { params: file.torch_params, macs: file.torch_macs, source: 'timm’s nasnetalarge, exported to ONNX' }
  }
  const name = kerasNames[preset]
  if (!name) return undefined
  const keras = kerasModels[name]
  return { params: keras.trainable, macs: keras.macs_conv_dense, source: `keras.applications.${name}, trainable` }
}

/** The page as Markdown. */
export function zooPage(): string {
  const exact: string[] = []
  const published: string[] = []
  for (const family of families)
    for (const [name, preset] of Object.entries(family.presets)) {
      const { totals, layers } = computeCosts(verifyGraph(expandZoo({ preset: name }).spec), { convention: 'lecture' })
      const reference = exactReference(name)
      const verdict = !reference
        ? (preset.published ?? []).some(({ quantity }) => quantity === 'params' || quantity === 'macs')
          ? 'none; see the next table'
          : 'none'
        : reference.params === totals.params && reference.macs === totals.macs
          ? 'equal'
          : 'DIFFERS'
      exact.push(
        `| \`${name}\` | ${count(totals.params)} | ${count(totals.macs)} | ${
          reference ? `${count(reference.params)} / ${count(reference.macs)}` : '—'
        } | ${reference?.source ?? '—'} | ${verdict} |`,
      )
      const tabled = layers.filter(({ type }) => type === 'Conv2d' || type === 'Linear').reduce((n, { memoryKiB }) => n + memoryKiB, 0)
      const ours = { params: totals.params, macs: totals.macs, flops: totals.flops, memoryMiB: tabled / 1024 }
      for (const figure of preset.published ?? []) {
        if (figure.quantity === 'top1' || figure.quantity === 'top5' || figure.source.startsWith('torchvision')) continue
        const value = ours[figure.quantity]
        const shown = figure.quantity === 'memoryMiB' ? `${value.toFixed(2)} MiB` : count(value)
        published.push(
          `| \`${name}\` | ${figure.quantity} | ${shown} | ${asPublished(figure)} | ${figure.source} | ${
            same(value, figure) ? 'equal to its digits' : `differs: ${figure.note ?? 'unexplained'}`
          } |`,
        )
      }
    }
  const summary = families.map(
    ({ name, summary: line, source, presets }) =>
      `- **${name}**: ${line} ${source}. Presets: ${Object.keys(presets)
        .map((preset) => `\`${preset}\``)
        .join(', ')}.`,
  )
  return `# The zoo

Written by \`node scripts/zoo-table.ts\`; do not edit. MACs are multiply-adds of convolutions and fully connected layers for one
image, no bias; parameters are the learned ones, running statistics apart.

${summary.join('\n')}

## Presets beside another tool's exact figures

The reference column is params / MACs.

| preset | params | MACs | reference | source | verdict |
|---|---|---|---|---|---|
${exact.join('\n')}

## Presets beside figures printed in papers, lectures and documentation

Those of torchvision's documentation are the exact table's, rounded, and are left out here. flops are by the convention \`lecture\`;
memoryMiB sums the outputs of convolution and fully connected rows, as the lecture does.

| preset | quantity | here | published | source | verdict |
|---|---|---|---|---|---|
${published.join('\n')}

## The lecture's comparisons

What lecture 8 compares, and the rule by which these counts arrive at it. \`test/engine/zoo/lecture.test.ts\` holds them.

| comparison | printed | here | rule |
|---|---|---|---|
| VGG-16 / AlexNet, memory | ×25 | ×25.44 | outputs of convolution and fully connected rows (\`multiplyingMemoryKiB\`) |
| VGG-16 / AlexNet, parameters | ×2.3 | ×2.25 | all rows |
| VGG-16 / AlexNet, flops | ×19.4 | ×19.00 | 19.4 is the quotient of the two rounded bars, 13.6 and 0.7 Gflop |
| GoogLeNet's stem to 28×28, memory | 7.5 MB | 7.46 MiB | three convolutions and two poolings |
| GoogLeNet's stem, parameters | 124 K | 124,096 | weights alone; \`googlenet_2014\` has 320 biases more |
| GoogLeNet's stem, flops | 418 M | 480.8 M | the rows are 118, 2, 13, 347 and 1 M: 481. No choice of them sums to 418, so two digits of the printed total are exchanged |
| VGG-16 to 28×28, memory | 42.9 MB, ×5.7 | 42.88 MiB, ×5.74 | \`vgg16_lecture\`, convolutions alone, over the stem with its poolings |
| VGG-16 to 28×28, parameters | 1.1 M, ×8.9 | 1,145,408, ×9.2 | 8.9 is the quotient of the two rounded figures |
| VGG-16 to 28×28, flops | 7485 M, ×17.8 | 7,485.5 M, ×15.6 | convolutions alone; 17.8 rests on the 418 (7485 / 418 is 17.9) |
`
}

if (import.meta.main) writeFileSync(page, zooPage())
