import assert from 'node:assert/strict'
import { test } from 'node:test'
import { XMLParser, XMLValidator } from 'fast-xml-parser'
import { computeCosts } from '../../../../src/engine/cost.ts'
import { EngineError } from '../../../../src/engine/errors.ts'
import { easyBoxes, foldNetwork } from '../../../../src/engine/formats/drawing/fold.ts'
import { type DrawingOptions, drawNetwork } from '../../../../src/engine/formats/drawing/index.ts'
import { boxHeight, boxWidth, placeBoxes } from '../../../../src/engine/formats/drawing/layout.ts'
import { fillOf, levels, themes } from '../../../../src/engine/formats/drawing/theme.ts'
import { verifyGraph } from '../../../../src/engine/verify.ts'
import { presetGraph } from '../../zoo-graphs.ts'

const parser = new XMLParser({ ignoreAttributes: false, isArray: (name) => ['g', 'polyline', 'rect'].includes(name) })
const draw = async (graph: Parameters<typeof drawNetwork>[0], options?: DrawingOptions) => {
  const svg = await drawNetwork(graph, options)
  assert.equal(XMLValidator.validate(svg), true)
  const { title, desc, g, style } = parser.parse(svg).svg
  const [, arrows, boxes] = g
  return {
    ...{ title: title['#text'], text: desc['#text'], style },
    arrows: (arrows.polyline ?? []) as { title: string }[],
    boxes: boxes.g.map((each: any) => ({ title: each.title as string, level: Number(/^l(\d)/.exec(each.rect[0]['@_class'])![1]) })) as {
      title: string
      level: number
    }[],
  }
}

/** A chain with a branch around the middle. */
const branched = verifyGraph({
  input: { shape: [4, 8, 8] },
  layers: [
    { id: 'stem', type: 'Conv2d', outChannels: 4, kernelSize: 3, padding: 1 },
    { id: 'block.0.conv', type: 'Conv2d', outChannels: 4, kernelSize: 1 },
    { id: 'block.0.act', type: 'ReLU' },
    { id: 'block.1.conv', type: 'Conv2d', outChannels: 4, kernelSize: 1 },
    { id: 'add', type: 'Add', inputs: ['stem', 'block.1.conv'] },
  ],
})

test('boxes and arrows by hand: open, folded by one part of the name, and by two', () => {
  const costs = computeCosts(branched)
  const of = (depth?: number) => {
    const { boxes, arrows } = foldNetwork(costs, depth)
    const label = new Map(boxes.map((box) => [box.key, box.label]))
    return [boxes.map((box) => box.label).join(' '), arrows.map(({ from, to }) => `${label.get(from)}>${label.get(to)}`).join(' ')]
  }
  assert.deepEqual(of(1), ['input stem block add', 'input>stem stem>block stem>add block>add'])
  assert.deepEqual(of(2), ['input stem block.0 block.1.conv add', 'input>stem stem>block.0 block.0>block.1.conv stem>add block.1.conv>add'])
  const open = [
    'input stem block.0.conv block.0.act block.1.conv add',
    'input>stem stem>block.0.conv block.0.conv>block.0.act block.0.act>block.1.conv stem>add block.1.conv>add',
  ]
  assert.deepEqual(of(3), open)
  assert.deepEqual(of(), open)
})

test('however it is folded, every layer is in one box: the figures of the boxes sum to the totals', async () => {
  for (const preset of ['resnet50', 'googlenet', 'densenet121', 'nasnet_mobile'])
    for (const depth of [undefined, 1, 2]) {
      const graph = presetGraph(preset)
      const costs = computeCosts(graph)
      const { boxes } = foldNetwork(costs, depth)
      assert.equal(
        boxes.reduce((sum, { layers }) => sum + layers.length, 0),
        costs.layers.length,
      )
      if (depth === undefined) assert.ok(boxes.length <= easyBoxes + 1, `${preset}: ${boxes.length} boxes`)
      if (preset !== 'resnet50') continue
      // torchvision's own counts of parameters.
      const drawn = await draw(graph, { colorBy: 'params', ...(depth ? { depth } : {}) })
      const sum = drawn.boxes.reduce((total, { title }) => total + Number(/; ([\d,]+) parameters/.exec(title)![1]!.replaceAll(',', '')), 0)
      assert.equal(sum, 25_557_032)
    }
})

test('names without parts are gathered, so that a long chain stays easy to take in', () => {
  const graph = verifyGraph({
    input: { shape: [1, 4, 4] },
    layers: Array.from({ length: 5000 }, (_, i) => ({ id: `Relu_${i}`, type: 'ReLU' })),
  })
  const costs = computeCosts(graph)
  const { boxes, arrows } = foldNetwork(costs)
  assert.ok(boxes.length <= easyBoxes + 1 && boxes.length > 5)
  assert.equal(arrows.length, boxes.length - 1)
  assert.throws(
    () => foldNetwork(costs, 1),
    (cause) => cause instanceof EngineError && cause.code === 'LIMIT_EXCEEDED',
  )
})

test('no two boxes overlap, and arrows go down, from the border of one to the border of another', async () => {
  for (const depth of [1, 3]) {
    const folded = foldNetwork(computeCosts(presetGraph('googlenet')), depth)
    const { boxes, arrows } = await placeBoxes(folded)
    const corners = [...boxes.values()]
    assert.equal(corners.length, folded.boxes.length)
    corners.forEach((a, i) => {
      for (const b of corners.slice(i + 1)) assert.ok(Math.abs(a.x - b.x) >= boxWidth || Math.abs(a.y - b.y) >= boxHeight)
    })
    folded.arrows.forEach(({ from, to }, i) => {
      const [start, end] = [arrows[i]![0]!, arrows[i]!.at(-1)!]
      assert.ok(Math.abs(start.y - boxes.get(from)!.y - boxHeight) < 1e-6 && Math.abs(end.y - boxes.get(to)!.y) < 1e-6)
      assert.ok(end.y > start.y)
    })
  }
})

test('the most is the darkest, nothing has no color, and the text says who has the most', async () => {
  const { boxes, text, title } = await draw(presetGraph('alexnet_lecture'), { title: 'AlexNet', colorBy: 'params' })
  const level = (id: string) => boxes.find(({ title: words }) => words.startsWith(`${id}:`))!.level
  // The lecture: fc6 has 37,752,832 of 61,100,840 parameters, pooling none.
  assert.deepEqual([level('fc6'), level('pool1'), level('conv1')], [levels, 0, 1])
  assert.match(text, /The most have fc6 with 37\.8 M \(62 %\)/)
  assert.equal(title, 'Graph of AlexNet, colored by parameters')
})

test('measured times: what ran as one kernel has its time at the first layer', async () => {
  const rows = [
    { layerIds: ['stem'], ms: 3 },
    { layerIds: ['block.0.conv', 'block.0.act'], ms: 1.5 },
  ]
  const { boxes } = await draw(branched, { colorBy: 'ms', times: { rows, of: 'a run' } })
  const words = (id: string) => boxes.find(({ title }) => title.startsWith(`${id}:`))!.title
  assert.match(words('stem'), /3 ms of measured time, 67 %/)
  assert.match(words('block.0.act'), /0 ms of measured time, 0\.0 %, in the time of block\.0\.conv/)
  assert.match((await draw(branched, { colorBy: 'ms', depth: 1, times: { rows, of: 'a run' } })).text, /block with 1\.5 ms \(33 %\)/)
})

test('a name of any text stays text', async () => {
  const name = '</title><script>alert("&")</script>\u0001'
  const graph = verifyGraph({ input: { shape: [1, 4, 4] }, layers: [{ id: 'act', type: 'ReLU' }] })
  const svg = await drawNetwork(graph, { title: name })
  assert.equal(XMLValidator.validate(svg), true)
  assert.ok(!svg.includes('<script>'))
})

test('ink stays readable on every level of every color, in light and in dark (WCAG 2.2, contrast 4.5)', () => {
  const luminance = (color: readonly number[]) => {
    const [r, g, b] = color.map((part) => (part / 255 <= 0.04045 ? part / 255 / 12.92 : ((part / 255 + 0.055) / 1.055) ** 2.4))
    return 0.2126 * r! + 0.7152 * g! + 0.0722 * b!
  }
  const contrast = (a: readonly number[], b: readonly number[]) => {
    const [high, low] = [luminance(a), luminance(b)].sort((x, y) => y - x)
    return (high! + 0.05) / (low! + 0.05)
  }
  for (const theme of ['light', 'dark'] as const)
    for (const color of [
      [242, 142, 43],
      [89, 161, 79],
      [78, 121, 167],
      [176, 122, 161],
      [225, 87, 89],
    ] as const) {
      for (let level = 0; level <= levels; level++)
        assert.ok(contrast(themes[theme].ink, fillOf(theme, color, level)) >= 4.5, `${theme} ${color} ${level}`)
      assert.ok(contrast(themes[theme].quiet, themes[theme].paper) >= 4.5)
    }
})
