/**
 * What reading an ONNX file costs: from its bytes to totals, warm, beside the parser alone on the same bytes; and how the
 * time grows with the network, up to 100,000 layers.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { create, fromBinary, toBinary } from '@bufbuild/protobuf'
import { GraphProtoSchema, ModelProtoSchema, NodeProtoSchema, TensorProtoSchema, ValueInfoProtoSchema } from 'onnx-buf'
import { computeCosts } from '../src/engine/cost.ts'
import { importOnnx } from '../src/engine/formats/onnx-import/index.ts'
import { defaultLimits } from '../src/engine/limits.ts'
import { type Benchmark, type Figure, median, runIfMain, show } from './figure.ts'

const limits = { ...defaultLimits, maxLayers: 200_000, maxTensors: 400_000 }

/** Medians of two functions, called in turns, ms a call. */
function inTurns(a: () => unknown, b: () => unknown, rounds: number): [number, number] {
  const times: [number[], number[]] = [[], []]
  for (let i = 0; i < 2 * rounds; i++) {
    const start = performance.now()
    ;(i % 2 === 0 ? a : b)()
    times[i % 2 === 0 ? 0 : 1].push(performance.now() - start)
  }
  return [median(times[0]), median(times[1])]
}

function measured(name: string, bytes: Uint8Array, aim: string, met: (ms: number) => boolean, rounds: number): Figure {
  const totals = () => computeCosts(importOnnx(bytes, { limits }).graph).totals
  const parse = () => fromBinary(ModelProtoSchema, bytes)
  inTurns(totals, parse, rounds)
  const [ms, yardstickMs] = inTurns(totals, parse, rounds)
  return {
    name,
    value: ms,
    unit: 'ms',
    yardstick: { name: 'the protobuf parser alone on the same bytes', value: yardstickMs, unit: 'ms' },
    aim,
    met: met(ms),
    note: `${show(bytes.length / 1024)} KiB, ${show(totals().macs / 1e9)} G macs; medians of ${rounds} calls`,
  }
}

/** Files of torchvision and timm without weights, and the aim of each in ms. */
const files = [
  { file: 'resnet50.ts17.onnx', aimMs: 10 },
  { file: 'densenet121.ts17.onnx', aimMs: 25 },
  { file: 'nasnetalarge.ts17sim.onnx', aimMs: 60 },
]

/** A chain of 3×3 convolutions and ReLUs, `layers` together, whose weights are named and not there. */
export function chain(layers: number): Uint8Array {
  const dims = (sizes: readonly number[]) => sizes.map((size) => ({ value: { case: 'dimValue' as const, value: BigInt(size) } }))
  const tensor = (name: string, shape: readonly number[]) =>
    create(TensorProtoSchema, {
      name,
      dataType: 1,
      dims: shape.map(BigInt),
      dataLocation: 1,
      externalData: [{ key: 'location', value: 'weights.bin' }],
    })
  const node = Array.from({ length: layers }, (_, i) =>
    i % 2 === 0
      ? create(NodeProtoSchema, {
          opType: 'Conv',
          name: `conv${i}`,
          input: [`t${i}`, `w${i}`],
          output: [`t${i + 1}`],
          attribute: [{ name: 'pads', type: 7, ints: [1n, 1n, 1n, 1n] }],
        })
      : create(NodeProtoSchema, { opType: 'Relu', name: `relu${i}`, input: [`t${i}`], output: [`t${i + 1}`] }),
  )
  const info = (name: string, sizes: readonly number[]) =>
    create(ValueInfoProtoSchema, { name, type: { value: { case: 'tensorType', value: { elemType: 1, shape: { dim: dims(sizes) } } } } })
  return toBinary(
    ModelProtoSchema,
    create(ModelProtoSchema, {
      irVersion: 8n,
      opsetImport: [{ domain: '', version: 17n }],
      graph: create(GraphProtoSchema, {
        node,
        input: [info('t0', [1, 8, 16, 16])],
        output: [info(`t${layers}`, [1, 8, 16, 16])],
        initializer: node.flatMap(({ opType }, i) => (opType === 'Conv' ? [tensor(`w${i}`, [8, 8, 3, 3])] : [])),
      }),
    }),
  )
}

/** The same chain ten times as long, twice: each beside the one before it. */
function growth(): Figure[] {
  const figures = [1000, 10_000, 100_000].map((layers) =>
    measured(
      `import to totals of ${layers.toLocaleString('en-GB')} layers`,
      chain(layers),
      'linear: ten times the layers in under 15 times the time',
      () => true,
      layers > 10_000 ? 3 : 10,
    ),
  )
  return figures.slice(1).map((whole, i) => {
    const tenth = figures[i]!
    const factor = whole.value / tenth.value
    const parserFactor = whole.yardstick.value / tenth.yardstick.value
    const note = `${whole.note}; ${show(factor)} times the time of a tenth of the layers, the parser alone ${show(parserFactor)} times`
    return { ...whole, met: factor < 15, note }
  })
}

export const benchmark: Benchmark = {
  name: 'import',
  run: async () => [
    ...files.map(({ file, aimMs }) =>
      measured(
        `import to totals of ${file}`,
        readFileSync(join(import.meta.dirname, '../test/fixtures/onnx', file)),
        `under ${aimMs} ms warm`,
        (ms) => ms < aimMs,
        50,
      ),
    ),
    ...growth(),
  ],
}
await runIfMain(benchmark, import.meta.main)
