import assert from 'node:assert/strict'
import { test } from 'node:test'
import { XMLParser, XMLValidator } from 'fast-xml-parser'
import { writeCostChart } from '../../../src/engine/formats/cost-chart.ts'
import { verifyGraph } from '../../../src/engine/verify.ts'
import { expandZoo } from '../../../src/engine/zoo/index.ts'

const graphOf = (preset: string) => verifyGraph(expandZoo({ preset }).spec)
const parser = new XMLParser({ ignoreAttributes: false, isArray: (name) => ['g', 'rect', 'text'].includes(name) })
type Svg = {
  g: { '@_class': string; rect: { '@_width': string; title: string }[]; text: unknown[] }[]
  text: unknown[]
  '@_height': string
}
const read = (svg: string): Svg => {
  assert.equal(XMLValidator.validate(svg), true)
  return parser.parse(svg).svg
}
const panel = (svg: Svg, name: string) => svg.g.find((group) => group['@_class'] === name)!

test('the lecture’s AlexNet as bars: lengths are to each other as the lecture’s figures are', () => {
  const svg = read(writeCostChart(graphOf('alexnet_lecture'), { title: 'AlexNet' }))
  const flops = panel(svg, 'flops').rect
  const length = (id: string) => Number(flops.find(({ title }) => title.startsWith(`${id}:`))!['@_width'])
  // conv1 72,855,552 and conv2 223,948,800 flops (EECS 498-007, lecture 8); lengths are written to 1/100 px.
  assert.ok(Math.abs(length('conv1') / length('conv2') - 72_855_552 / 223_948_800) < 1e-3)
  assert.ok(flops.some(({ title }) => title.startsWith('conv2: 223,948,800, ')))
  // Parameters: three fully connected layers and five convolutions, the rest has none.
  assert.equal(panel(svg, 'params').rect.length, 8)
  assert.equal(panel(svg, 'memoryKiB').rect.length, 19)
})

test('groups and their rest are drawn, each sum whole', () => {
  const svg = read(writeCostChart(graphOf('resnet50'), { groupBy: 'stage', sort: 'params', top: 2 }))
  const sums = panel(svg, 'params').rect.map(({ title }) => Number(/ ([\d,]+), [\d.]+ %$/.exec(title)![1]!.replaceAll(',', '')))
  assert.equal(sums.length, 3)
  assert.equal(
    sums.reduce((a, b) => a + b),
    25_557_032,
  )
})

test('a name of any kind stays text', () => {
  const svg = writeCostChart(graphOf('alexnet'), { title: '</svg><script>\u0001\ud800 & "quoted"' })
  assert.equal(XMLValidator.validate(svg), true)
  for (const raw of ['<script', '\u0001', '\ud800']) assert.ok(!svg.includes(raw))
})
