import assert from 'node:assert/strict'
import { readdir } from 'node:fs/promises'
import { test } from 'node:test'
import { Value } from 'typebox/value'
import { computeCosts } from '../../../src/engine/cost.ts'
import type { AnyOp } from '../../../src/engine/op.ts'
import { ops } from '../../../src/engine/ops/index.ts'
import { verifyGraph } from '../../../src/engine/verify.ts'

const folder = new URL('../../../src/engine/ops/', import.meta.url)
const plain = (text: string): string => text.replaceAll('-', '').toLowerCase()
/** Conv1d to Conv3d are one kind of op. */
const kindOf = (op: AnyOp): string => plain(op.type.replace(/[123]d$/, ''))
const isOp = (value: unknown): value is AnyOp => typeof value === 'object' && value !== null && 'quantities' in value && 'tfjs' in value

test('folder and index hold the same ops, each kind in a file of its name, with a test of that name', async () => {
  const found = new Map<string, AnyOp>()
  const files = (await readdir(folder, { withFileTypes: true })).filter((entry) => entry.isFile() && entry.name !== 'index.ts')
  for (const { name: file } of files) {
    const inFile = Object.values(await import(new URL(file, folder).href)).filter(isOp)
    assert.notEqual(inFile.length, 0, `${file} defines no op: helpers belong in ops/shared/`)
    for (const op of inFile) {
      found.set(op.type, op)
      assert.equal(plain(file.replace(/\.ts$/, '')), kindOf(op), `${file} holds ${op.type}`)
    }
  }
  assert.deepEqual([...found.keys()].sort(), ops.map((op) => op.type).sort())
  for (const op of ops) assert.equal(found.get(op.type), op)
  const tests = (await readdir(new URL('.', import.meta.url))).map((file) => plain(file.replace('.test.ts', '')))
  for (const op of ops) assert.ok(tests.includes(kindOf(op)), `${op.type} has no test of its kind's name`)
})

test('ops/shared/ holds helpers, no op', async () => {
  for (const file of await readdir(new URL('shared/', folder), { recursive: true })) {
    if (!file.endsWith('.ts')) continue
    const held = Object.values(await import(new URL(`shared/${file}`, folder).href)).filter(isOp)
    assert.deepEqual(held, [], `shared/${file} holds an op`)
  }
})

/** Spellings of each op's attributes; the bare one stands for every op that needs none. */
const spellings: Record<string, Record<string, unknown>[]> = {
  Input: [{ shape: [3, 8, 8] }],
  Conv1d: [
    { outChannels: 4, kernelSize: 3 },
    { outChannels: 4, kernelSize: 3, stride: 2, padding: [1, 0], dilation: 2, groups: 2, bias: false },
  ],
  Conv2d: [
    { outChannels: 4, kernelSize: 3 },
    { outChannels: 4, inChannels: 4, kernelSize: [3, 1], stride: 2, padding: [1, 0], dilation: [1, 2], groups: 2, bias: false },
    { outChannels: 4, kernelSize: 3, padding: 'same' },
    { outChannels: 4, kernelSize: 3, padding: 'valid' },
    { outChannels: 4, kernelSize: 3, padding: [0, 1, 2, 3] },
  ],
  MaxPool2d: [{ kernelSize: 2 }, { kernelSize: [3, 2], stride: 1, padding: 1, dilation: 2, ceilMode: true, functional: true }],
  AvgPool2d: [
    { kernelSize: 2 },
    { kernelSize: [3, 2], stride: [1, 2], padding: 'same', ceilMode: true, countIncludePad: false, functional: true },
  ],
  MaxPool1d: [{ kernelSize: 2 }, { kernelSize: 3, stride: 1, padding: 'same', dilation: 2, ceilMode: true, functional: true }],
  Conv3d: [
    { outChannels: 4, kernelSize: 3 },
    {
      outChannels: 4,
      inChannels: 4,
      kernelSize: [3, 1, 2],
      stride: 2,
      padding: [1, 0, 1, 2, 0, 0],
      dilation: [1, 2, 1],
      groups: 2,
      bias: false,
    },
    { outChannels: 4, kernelSize: 3, padding: 'same' },
  ],
  ConvTranspose1d: [
    { outChannels: 4, kernelSize: 3 },
    { outChannels: 4, kernelSize: [3], padding: [1, 2], stride: [2], outputPadding: 1 },
  ],
  ConvTranspose2d: [
    { outChannels: 4, kernelSize: 3 },
    {
      outChannels: 4,
      inChannels: 4,
      kernelSize: [3, 2],
      stride: 2,
      padding: [1, 0],
      outputPadding: [1, 0],
      dilation: 2,
      groups: 2,
      bias: false,
    },
    { outChannels: 4, kernelSize: 3, padding: 'same' },
  ],
  ConvTranspose3d: [
    { outChannels: 4, kernelSize: 3 },
    { outChannels: 4, kernelSize: [3, 2, 1], padding: [1, 0, 1, 2, 0, 0] },
  ],
  AvgPool1d: [{ kernelSize: 2 }, { kernelSize: 3, stride: 1, padding: [1, 0], ceilMode: true, countIncludePad: false, functional: true }],
  MaxPool3d: [{ kernelSize: 2 }, { kernelSize: [3, 2, 1], stride: 1, padding: 'same', dilation: 2, ceilMode: true, functional: true }],
  AvgPool3d: [
    { kernelSize: 2 },
    { kernelSize: [3, 2, 1], stride: [1, 2, 1], padding: 1, ceilMode: true, countIncludePad: false, functional: true },
  ],
  BatchNorm1d: [{}, { numFeatures: 4, eps: 0.1, affine: false }],
  BatchNorm3d: [{}, { numFeatures: 4, eps: 0.1, scale: false }],
  GroupNorm: [{ groups: 2 }, { groups: 1, eps: 0.1, affine: false }],
  InstanceNorm: [{}, { eps: 0.1, affine: true }],
  Attention: [{}, { heads: 4, kvHeads: 2, scale: 0.5, causal: true }],
  Resize: [{ scale: 2 }, { scale: [1.5, 2], mode: 'linear' }, { size: [3, 4], coordinates: 'alignCorners', rounding: 'ceil' }],
  SpaceToDepth: [{ blockSize: 2 }, { blockSize: 2, mode: 'DCR' }],
  Tile: [{ repeats: [2, 1] }],
  AdaptiveAvgPool2d: [{ outputSize: 3 }, { outputSize: [3, 2] }],
  Linear: [{ outFeatures: 3 }, { outFeatures: 3, inFeatures: 4, bias: false }],
  BatchNorm2d: [{}, { numFeatures: 4, eps: 0.1, affine: false }],
  LocalResponseNorm: [{ size: 5 }, { size: 4, alpha: 1, beta: 1, k: 2 }],
  GELU: [{}, { approximate: 'tanh' }],
  Softmax: [{}, { dim: -1 }],
  Concat: [{}, { dim: 2 }],
  ChannelShuffle: [{ groups: 2 }],
  Split: [{ chunks: 2 }, { dim: 2, sizes: [1, 3] }, {}],
  Slice: [{ start: 1 }, { dim: 2, start: -3, end: -1, step: 2 }],
  Pad: [
    { padding: 1 },
    { padding: [1, 2] },
    { padding: [1, 2, 3, 4], value: -1 },
    { padding: [1, 2], dims: [1], mode: 'edge' },
    { padding: 1, dims: [2, 3], mode: 'constant' },
  ],
  GLU: [{}, { dim: 1 }],
  Flatten: [{}, { startDim: 2, endDim: 3 }],
  Reshape: [{ shape: [-1, 2] }, { shape: [4, -1], includesBatch: true }],
  Transpose: [{ dims: [0, 2, 1] }],
  Dropout: [{}, { p: 0 }],
  Parameter: [{ shape: [2, 3] }, { shape: [2], learned: false }, { shape: [], value: 0.5 }, { shape: [2], value: [1, 2] }],
  Opaque: [{ opType: 'Odd', domain: 'com.example', outputShapes: [[2, 3]] }],
  LayerNorm: [{}, { dims: 2, eps: 0.1, affine: false }, { bias: false }],
  Expand: [{}, { dims: [0, 1] }],
  Reduce: [
    { kind: 'mean', dims: [2, 3] },
    { kind: 'max', dims: [1], keepDims: false },
  ],
  Gather: [
    { dim: 1, indices: [0, 2] },
    { dim: 1, indices: [0], drop: true },
  ],
  LogSoftmax: [{}, { dim: -1 }],
  HardTanh: [{}, { min: 0, max: 6 }],
  LeakyReLU: [{}, { negativeSlope: 0.2 }],
  ELU: [{}, { alpha: 0.5 }],
  CELU: [{}, { alpha: 2 }],
  ThresholdedReLU: [{}, { alpha: 0.5 }],
  DepthToSpace: [{ blockSize: 2 }, { blockSize: 2, mode: 'DCR' }],
}

test('canonical attributes are idempotent, fit the schema they came from, and share nothing with what was given', () => {
  for (const op of ops)
    for (const raw of spellings[op.type] ?? [{}]) {
      const given = structuredClone(raw)
      const once = op.canonical(given as never)
      assert.deepEqual(given, raw, `${op.type} changed what it was given`)
      assert.ok(Value.Check(op.attributes, once), `${op.type}: ${JSON.stringify(once)} does not fit its schema`)
      assert.deepEqual(op.canonical(structuredClone(once)), once, op.type)
      for (const value of Object.values(given)) if (Array.isArray(value)) value.length = 0
      assert.deepEqual(op.canonical(structuredClone(raw) as never), once, `${op.type} kept a list of the caller's`)
    }
})

test('every attribute is described, and every op in one sentence', () => {
  for (const op of ops) {
    assert.match(op.summary, /^[A-Z0-9x].*\.$/, op.type)
    for (const [name, schema] of Object.entries(op.attributes.properties))
      assert.ok((schema as { description?: string }).description, `${op.type}.${name} has no description`)
  }
})

test('a view moves no bytes; any other layer reads its inputs and parameters once and writes its outputs once', () => {
  const graph = verifyGraph({
    input: { shape: [4, 8, 8] },
    layers: [
      { id: 'conv', type: 'Conv2d', outChannels: 6, kernelSize: 3 },
      { id: 'norm', type: 'BatchNorm2d' },
      { id: 'drop', type: 'Dropout' },
      { id: 'same', type: 'Identity' },
      { id: 'shape', type: 'Reshape', shape: [36, 6] },
      { id: 'flat', type: 'Flatten' },
      { id: 'fc', type: 'Linear', outFeatures: 5 },
    ],
  })
  for (const [dtype, width] of [
    ['float32', 4],
    ['float16', 2],
    ['int8', 1],
  ] as const) {
    const { layers, totals } = computeCosts(graph, { batch: 3, dtype })
    const bytes = Object.fromEntries(layers.map((row) => [row.id, [row.bytesRead, row.bytesWritten]]))
    assert.deepEqual(bytes, {
      conv: [width * (3 * 256 + 6 * 4 * 9 + 6), width * 3 * 216],
      norm: [width * (3 * 216 + 4 * 6), width * 3 * 216],
      drop: [0, 0],
      same: [0, 0],
      shape: [0, 0],
      flat: [0, 0],
      fc: [width * (3 * 216 + 5 * 216 + 5), width * 15],
    })
    assert.equal(totals.params, 6 * 4 * 9 + 6 + 2 * 6 + 5 * 216 + 5)
    assert.equal(totals.buffers, 2 * 6)
    assert.equal(totals.weightBytes, width * (totals.params + totals.buffers))
  }
})
