import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Graphviz } from '@hpcc-js/wasm-graphviz'
import { computeCosts } from '../../../src/engine/cost.ts'
import { writeDot } from '../../../src/engine/formats/dot.ts'
import { writeMermaid } from '../../../src/engine/formats/mermaid.ts'
import { verifyGraph } from '../../../src/engine/verify.ts'
import { graphOf } from '../run-graph.ts'
import { presetGraph } from '../zoo-graphs.ts'

const graphviz = await Graphviz.load()

interface Drawn {
  label: string
  objects: { _gvid: number; name: string; label: string; shape: string; peripheries?: string }[]
  edges: { tail: number; head: number; label?: string }[]
}
/** What Graphviz itself reads in a file. */
const read = (dot: string): Drawn => JSON.parse(graphviz.layout(dot, 'dot_json', 'nop2'))
/** The texts that Graphviz paints, entities resolved as XML has them. */
const painted = (dot: string): string[] =>
  [...graphviz.layout(dot, 'svg', 'dot').matchAll(/<text[^>]*>([^<]*)<\/text>/g)].map(([, text]) =>
    text!
      .replace(/&#(\d+);/g, (_, code) => String.fromCodePoint(Number(code)))
      .replaceAll('&lt;', '<')
      .replaceAll('&gt;', '>')
      .replaceAll('&quot;', '"')
      .replaceAll('&#39;', "'")
      .replaceAll('&amp;', '&'),
  )

test('Graphviz reads GoogLeNet: a node a layer and input, an edge a tensor, from and to the right ones', () => {
  const graph = presetGraph('googlenet')
  const { objects, edges } = read(writeDot(graph))
  const idOf = new Map(objects.map((node) => [node._gvid, node.label.split('\\n')[0]]))
  assert.deepEqual(new Set(idOf.values()), new Set([...graph.inputs, ...graph.layers].map(({ id }) => id)))
  const drawn = edges.map(({ tail, head }) => `${idOf.get(tail)} ${idOf.get(head)}`)
  const wanted = graph.layers.flatMap(({ id, inputs }) => inputs.map((input) => `${input} ${id}`))
  assert.deepEqual(drawn.sort(), wanted.sort())
  assert.deepEqual(
    objects.filter(({ peripheries }) => peripheries === '2').map((node) => idOf.get(node._gvid)),
    [...graph.outputs],
  )
})

test('a label says id, type, shape, parameters and multiply-adds', () => {
  // VGG-16's first layer: 3·64·9 + 64 parameters, 224·224·64·27 multiply-adds.
  const { objects } = read(writeDot(presetGraph('vgg16')))
  assert.equal(objects[1]!.label.split('\\n').slice(1).join(' | '), 'Conv2d | 64×224×224 | 1,792 params, 86,704,128 MACs')
  const { objects: batched } = read(writeDot(presetGraph('vgg16'), { batch: 2, resolution: [112, 224] }))
  assert.equal(batched[1]!.label.split('\\n').slice(1).join(' | '), 'Conv2d | 64×112×224 | 1,792 params, 86,704,128 MACs')
})

const titles = [
  'plain',
  'it’s “quoted" and \\N \\G back\\slashed\\',
  '&amp; <b>bold</b> &lt; #quot; #35;',
  '}; evil -> graph [',
  '`code` ]) end',
  'emoji 🧠 über 网络',
]
test('any title is painted as it is', () => {
  const graph = graphOf([3, 8, 8], [{ type: 'ReLU' }])
  for (const title of titles) assert.ok(painted(writeDot(graph, { title })).includes(title), title)
  assert.ok(painted(writeDot(graph, { title: 'two\nlines\t' })).includes('two lines '))
})

const split = verifyGraph({
  input: { shape: [4, 6, 6] },
  layers: [
    { id: 'halves', type: 'Split', sizes: [2, 2] },
    { id: 'a/b.c-d', type: 'ReLU', inputs: ['halves'] },
    { id: 'end', type: 'Tanh', inputs: ['halves:1'] },
    { id: 'sum', type: 'Add', inputs: ['a/b.c-d', 'end'] },
  ],
})

test('arrows from a layer of several outputs say which', () => {
  assert.deepEqual(
    read(writeDot(split))
      .edges.map(({ label }) => label ?? '')
      .sort(),
    ['', '', '', ':0', ':1'],
  )
})

/**
 * Mermaid's flowchart grammar as far as we write it. Its own parser (mermaid 11, 150 packages and a DOM) was tried by hand:
 * it reads GoogLeNet, DenseNet-121 and the like to as many nodes and arrows as there are.
 */
function readMermaid(text: string) {
  const lines = text.trimEnd().split('\n')
  const title = lines[0] === '---' ? JSON.parse(lines.splice(0, 3)[1]!.slice('title: '.length)) : null
  assert.equal(lines.shift(), 'flowchart TB')
  const labels = new Map<string, string>()
  const edges: string[] = []
  for (const line of lines) {
    const node = /^ {2}(n\d+)(?:\[|\(\[|\[\[)"([^"`]*)"(?:\]|\]\)|\]\])$/.exec(line)
    const edge = /^ {2}(n\d+) -->(?:\|":\d+"\|)? (n\d+)$/.exec(line)
    assert.ok(node || edge, line)
    if (node) labels.set(node[1]!, node[2]!)
    else edges.push(`${labels.get(edge![1]!)} → ${labels.get(edge![2]!)}`)
  }
  return { title, labels, edges }
}

test('Mermaid draws the picture that DOT draws, node for node, edge for edge, title for title', () => {
  for (const graph of [presetGraph('googlenet'), presetGraph('shufflenet_v2_x1_0'), split]) {
    const dot = read(writeDot(graph))
    const mermaid = readMermaid(writeMermaid(graph))
    const labels = new Map(dot.objects.map((node) => [node._gvid, node.label.replaceAll('\\n', '<br/>')]))
    assert.deepEqual([...mermaid.labels.values()], [...labels.values()])
    assert.deepEqual(mermaid.edges.sort(), dot.edges.map(({ tail, head }) => `${labels.get(tail)} → ${labels.get(head)}`).sort())
  }
  for (const title of [...titles, 'two\nlines: "x"', '%%{init: {"theme": "dark"}}%%', '\u2028---\u0085']) {
    const text = writeMermaid(split, { title })
    assert.equal(readMermaid(text).title, title)
    assert.ok(!text.includes('%%'), 'a directive')
  }
})

test('10,000 layers: pictures grow with the layers, by as many bytes a layer', () => {
  const chain = (length: number) =>
    graphOf(
      [4],
      Array.from({ length }, (_, i) => ({ id: `l${String(i).padStart(6, '0')}`, type: 'ReLU' })),
    )
  const [short, long] = [chain(1000), chain(10_000)]
  assert.equal(computeCosts(long).totals.layers, 10_000)
  for (const write of [writeDot, writeMermaid]) {
    const ratio = write(long).length / write(short).length
    assert.ok(ratio > 9 && ratio < 11, `${ratio}`)
  }
})
