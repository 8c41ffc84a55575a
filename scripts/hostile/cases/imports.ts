import { TensorProto_DataType } from 'onnx-buf'
import { file, info, ints, node, type Parts } from '../../onnx-file.ts'
import type { HostileCase, HostileGroup } from '../contract.ts'
import { expectOutcome, upload } from '../requests.ts'

/** A tensor of one int8 zero, as the value of a ConstantOfShape. */
const int8 = () => {
  const value = ints('', [0])
  return Object.assign(value, { dataType: TensorProto_DataType.INT8, int64Data: [], rawData: Uint8Array.of(0) })
}

/** A file of a few hundred bytes that is refused with the code and a detail that says what is too large. */
const refused = (name: string, parts: Parts, detail?: RegExp): HostileCase => ({
  name,
  run: async (service) => expectOutcome(await upload(service, file(parts)), 422, '', detail),
})

export const imports: HostileGroup = {
  name: 'imports',
  cases: [
    refused('Slice of a ConstantOfShape of 2^26', {
      nodes: [
        node('ConstantOfShape', ['s'], ['c'], { value: { tensor: int8() } }),
        node('Slice', ['c', 'from', 'to'], ['part']),
        node('Add', ['x', 'part'], ['y']),
      ],
      initializers: [ints('s', [2 ** 26]), ints('from', [0]), ints('to', [2 ** 26 - 1])],
    }),
    refused('Slice backwards over an input of 2^26', {
      nodes: [node('Slice', ['x', 'from', 'to', 'axes', 'steps'], ['y'])],
      inputs: [info('x', [1, 2 ** 26])],
      initializers: [ints('from', [-1]), ints('to', [-(2 ** 31)]), ints('axes', [1]), ints('steps', [-1])],
    }),
    refused('Gather from a constant of 10^8', {
      nodes: [
        node('ConstantOfShape', ['s'], ['c'], { value: { tensor: int8() } }),
        node('Gather', ['c', 'i'], ['part']),
        node('Reshape', ['x', 'part'], ['y']),
      ],
      initializers: [ints('s', [1e8]), ints('i', [0, 1])],
    }),
  ],
}
