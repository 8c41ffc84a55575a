/** Files whose inputs and outputs are of other types than float32, through both ways into ONNX Runtime. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, test } from 'node:test'
import { TensorProto_DataType as T } from 'onnx-buf'
import { file, floats, info, node, type Parts } from '../../../../scripts/onnx-file.ts'
import { importOnnx } from '../../../../src/engine/formats/onnx-import/index.ts'
import type { BackendName } from '../../../../src/gpu/contract.ts'
import { decoded, type ElementType, elements, encoded } from '../../../../src/gpu/runtimes/elements.ts'
import { loadRuntime } from '../../../../src/gpu/runtimes/index.ts'
import { onnxruntimeOn } from '../../../../src/gpu/runtimes/onnxruntime/index.ts'
import { probeRequest } from '../../../../src/gpu/runtimes/probe-request.ts'

const folder = mkdtempSync(path.join(tmpdir(), 'elements-'))
after(() => rmSync(folder, { recursive: true }))
const device = { name: 'cpu:0', uuid: '', kind: 'cpu', index: 0, model: '', driver: null } as const

async function outputsOf(backend: BackendName, parts: Parts, batch = 3): Promise<Float32Array[]> {
  const bytes = file(parts)
  const model = path.join(folder, 'model.onnx')
  writeFileSync(model, bytes)
  const { graph } = importOnnx(bytes)
  const request = { ...probeRequest(device), graph, batch, resolution: null, scratch: folder, seed: 5, model: { path: model, digest: '' } }
  const runtime = backend === 'wasm' ? await loadRuntime('tfjs', backend) : onnxruntimeOn(backend)
  const session = await runtime.load(request)
  try {
    await session.run()
    return await session.outputs()
  } finally {
    await session.dispose()
  }
}

const typed = (type: number): Parts => ({
  inputs: [info('x', ['N', 400], type)],
  nodes: [node('Cast', ['x'], ['y'], { to: T.FLOAT })],
})

/** What numbers of the type may be. */
const ranges: Partial<Record<ElementType, [number, number]>> = {
  uint8: [0, 255],
  int8: [-128, 127],
  bool: [0, 1],
  int32: [0, 1],
  int64: [0, 1],
}

for (const backend of ['cpu', 'node'] as const) {
  // Of bfloat16 the npm binding has no tensors, and says so.
  for (const [type, { code }] of Object.entries(elements))
    if (backend === 'node' && type === 'bfloat16')
      test('node: bfloat16 is refused in words', () => assert.rejects(outputsOf(backend, typed(code)), /no tensors of bfloat16/))
    else
      test(`${backend}: an input of ${type} is fed`, async () => {
        const [values] = await outputsOf(backend, typed(code))
        assert.equal(values!.length, 3 * 400)
        assert.ok(new Set(values).size > 1, 'they differ')
        const range = ranges[type as ElementType]
        if (range) assert.ok(values!.every((value) => Number.isInteger(value) && value >= range[0] && value <= range[1]))
        if (type === 'uint8') assert.ok(Math.max(...values!) > 200, 'a byte is used in full')
      })

  test(`${backend}: tokens are below the size of the table that they pick from, whatever carries them there`, async () => {
    const parts: Parts = {
      inputs: [info('x', ['N', 200], T.INT32)],
      nodes: [node('Cast', ['x'], ['i'], { to: T.INT64 }), node('Gather', ['table', 'i'], ['y'])],
      initializers: [
        floats(
          'table',
          [7, 1],
          Array.from({ length: 7 }, (_, i) => i),
        ),
      ],
    }
    const [rows] = await outputsOf(backend, parts)
    assert.deepEqual([...new Set(rows)].sort(), [0, 1, 2, 3, 4, 5, 6])
  })

  test(`${backend}: where the largest element is, an output of 64-bit integers, is given out`, async () => {
    const [places, data] = await outputsOf(backend, {
      inputs: [info('x', ['N', 5, 4])],
      nodes: [node('ArgMax', ['x'], ['y'], { axis: 1, keepdims: 0 }), node('Neg', ['x'], ['z'])],
      outputs: ['y', 'z'],
    })
    const wanted = Array.from({ length: 12 }, (_, i) => {
      const column = Array.from({ length: 5 }, (_, row) => -data![Math.floor(i / 4) * 20 + row * 4 + (i % 4)]!)
      return column.indexOf(Math.max(...column))
    })
    assert.deepEqual(Array.from(places!), wanted)
  })
}

test('TF.js is fed what ONNX Runtime is: whole numbers in the range of their type', async () => {
  for (const type of [T.UINT8, T.INT8, T.INT64, T.BOOL, T.FLOAT])
    assert.deepEqual(await outputsOf('wasm', typed(type)), await outputsOf('cpu', typed(type)))
})

test('both ways feed the same numbers', async () => {
  for (const type of [T.UINT8, T.INT64, T.FLOAT16])
    assert.deepEqual(await outputsOf('cpu', typed(type)), await outputsOf('node', typed(type)))
})

test('brain floats are rounded to even, and read back', () => {
  // 1 + 2⁻⁸ lies halfway between 1 and 1 + 2⁻⁷, 1 + 3·2⁻⁸ between that and 1 + 2⁻⁶.
  const rounded = decoded('bfloat16', encoded('bfloat16', Float32Array.of(1, -2.5, 1 + 2 ** -8, 1 + 3 * 2 ** -8)))
  assert.deepEqual(Array.from(rounded), [1, -2.5, 1, 1 + 2 ** -6])
})
