/** Files that import reads and ONNX Runtime does not load: the run says why in plain words, and names what helps. */
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { TensorProto_DataType as T } from 'onnx-buf'
import { file, floats, info, node, type Parts } from '../../../../scripts/onnx-file.ts'
import { importOnnx } from '../../../../src/engine/formats/onnx-import/index.ts'
import { failureOf } from '../../../../src/gpu/run-error.ts'
import type { LoadRequest } from '../../../../src/gpu/runtimes/contract.ts'
import { loadRuntime } from '../../../../src/gpu/runtimes/index.ts'
import { testCpu } from '../../../engine/run-graph.ts'
import { temporaryFolder } from '../../worker/helpers.ts'

const scratch = temporaryFolder()
const conv = node('Conv', ['x', 'w'], ['y'], { pads: [1, 1, 1, 1] }, { name: 'convolution' })
const weights = [floats('w', [4, 3, 3, 3])]
const base: Parts = { nodes: [conv], initializers: weights, irVersion: 10 }

const behind = (type: string, domain: string): Parts => ({
  ...base,
  nodes: [node('Conv', ['x', 'w'], ['c'], { pads: [1, 1, 1, 1] }), node(type, ['c'], ['y'], {}, { name: 'after', domain })],
  valueInfo: [info('y', [1, 4, 8, 8])],
})

/** What makes ONNX Runtime refuse it, and what the run says: ONNX Runtime 1.30 knows opset 26, ai.onnx.ml 5 and IR version 13. */
const refused: [what: string, parts: Parts, code: string, said: RegExp][] = [
  [
    'opset 27',
    { ...base, opset: 27 },
    'UNSUPPORTED_OPSET',
    /opset 27 of ONNX, and ONNX Runtime [\d.]+ loads opsets up to 26: .*opset 26 or older/,
  ],
  ['opset 28', { ...base, opset: 28 }, 'UNSUPPORTED_OPSET', /opset 28 of ONNX.*onnx\.version_converter.*weights: "seeded"/],
  ['IR version', { ...base, irVersion: 14 }, 'UNSUPPORTED_OPSET', /IR version 14, .* up to 13: .*ir_version 13 or older/],
  [
    'ai.onnx.ml',
    { ...base, domains: { 'ai.onnx.ml': 99 } },
    'UNSUPPORTED_OPSET',
    /version 99 of the operator set ai\.onnx\.ml, .* up to 5:/,
  ],
  [
    'com.microsoft',
    { ...base, domains: { 'com.microsoft': 99 } },
    'UNSUPPORTED_OPSET',
    /99 of the operator set com\.microsoft, .* up to 1:/,
  ],
  ['an unknown set', { ...behind('Magic', 'my.own'), domains: { 'my.own': 1 } }, 'UNSUPPORTED_OPERATOR', /no operator my\.own\.Magic: /],
  ['an unknown operator', behind('NoSuch', ''), 'UNSUPPORTED_OPERATOR', /no operator NoSuch in version 17 .*layer "after"/],
  [
    'bfloat16',
    {
      ...base,
      opset: 22,
      nodes: [
        node('Cast', ['x'], ['x16'], { to: T.BFLOAT16 }),
        node('Cast', ['w'], ['w16'], { to: T.BFLOAT16 }),
        node('Conv', ['x16', 'w16'], ['y16'], { pads: [1, 1, 1, 1] }, { name: 'convolution' }),
        node('Cast', ['y16'], ['y'], { to: T.FLOAT }),
      ],
    },
    'NOT_SUPPORTED_BY_DEVICE',
    /no kernel on the CPU for Conv, as opset 22 has it, in the types of layer "convolution": .*float32/,
  ],
]

for (const backend of ['cpu', 'node'] as const)
  test(`a file that ONNX Runtime does not load is refused in plain words (${backend})`, async () => {
    const runtime = await loadRuntime('onnxruntime', backend)
    for (const [what, parts, code, said] of refused) {
      const bytes = file(parts)
      const path = join(scratch, 'model.onnx')
      writeFileSync(path, bytes)
      const request: LoadRequest = {
        graph: importOnnx(bytes).graph,
        batch: 1,
        resolution: null,
        precision: 'float32',
        threads: 1,
        seed: 1,
        device: testCpu,
        scratch,
        model: { path, digest: '', data: [] },
      }
      const error: unknown = await runtime.load(request).catch((cause: unknown) => cause)
      const failure = failureOf(error)
      assert.equal(failure.code, code, `${what}: ${failure.message}`)
      assert.match(failure.message, said)
      assert.doesNotMatch(failure.message, /\.(h|cc):\d|onnxruntime::|\n/)
    }
  })

test('a message is told without the places in the source that threw it', () => {
  const words = 'input_shape_size == size was false. The input tensor cannot be reshaped'
  for (const signature of [
    'onnxruntime::ReshapeHelper::ReshapeHelper(const onnxruntime::TensorShape&, onnxruntime::TensorShapeVector&, bool)',
    'void onnxruntime::f(const std::unordered_map<std::__cxx11::basic_string<char>, int>&, bool) const',
    'onnxruntime::g(T)::<lambda(const onnxruntime::Node&)> [with T = float; U = std::vector<int>]',
    'auto onnxruntime::H::operator()(int) const',
  ])
    assert.equal(
      failureOf(new Error(`Name:'r' Status Message: /onnxruntime_src/onnxruntime/core/a_helper.h:47 ${signature} ${words}\n`)).message,
      `Name:'r' Status Message: ${words}`,
    )
  assert.equal(failureOf(new Error('no file model.cc in (here) [there]')).message, 'no file model.cc in (here) [there]')
})
