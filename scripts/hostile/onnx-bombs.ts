import { type NodeProto, type TensorProto, TensorProto_DataType } from 'onnx-buf'
import { attribute, file, floats, info, ints, localFunction, node, type Parts } from '../onnx-file.ts'

/** ONNX files of some hundred bytes to some hundred KiB, each of which asks for far more than any machine should give. */

/** A tensor of one int8 zero, as the value of a ConstantOfShape: one byte in the file. */
const byteZero = (): TensorProto =>
  Object.assign(ints('', [0]), { dataType: TensorProto_DataType.INT8, int64Data: [], rawData: Uint8Array.of(0) })

/** A constant `c` of the sizes, of integers unless they are to be floats. */
const filled = (sizes: readonly number[], float = false): { nodes: NodeProto[]; initializers: TensorProto[] } => ({
  nodes: [node('ConstantOfShape', ['sizes'], ['c'], float ? {} : { value: { tensor: byteZero() } })],
  initializers: [ints('sizes', sizes)],
})

/** Nodes that read `c` and make `part`, which then gives the shape that `x` is brought to: what a shape is, is read. */
const read = (sizes: readonly number[], nodes: readonly NodeProto[], initializers: readonly TensorProto[] = [], float = false): Parts => {
  const made = filled(sizes, float)
  return {
    nodes: [...made.nodes, ...nodes, node('Reshape', ['x', 'part'], ['y'])],
    initializers: [...made.initializers, ...initializers],
  }
}

const first = [ints('from', [0]), ints('to', [4])]
const many = <T>(length: number, make: (i: number) => T): T[] => Array.from({ length }, (_, i) => make(i))

/** By name. All are refused: with LIMIT_EXCEEDED where the size is the reason, with INVALID_ONNX where the form is. */
export const onnxBombs: Readonly<Record<string, Parts>> = {
  'Slice of a ConstantOfShape of 2^26': read([2 ** 26], [node('Slice', ['c', 'from', 'to'], ['part'])], first),
  'Slice of a ConstantOfShape of 2^20 × 2^20': read(
    [2 ** 20, 2 ** 20],
    [node('Slice', ['c', 'from', 'to', 'axes'], ['part'])],
    [ints('from', [0, 0]), ints('to', [1, 4]), ints('axes', [0, 1])],
  ),
  'Slice backwards over an input of 2^26': {
    nodes: [node('Slice', ['x', 'from', 'to', 'axes', 'steps'], ['y'])],
    inputs: [info('x', [1, 2 ** 26])],
    initializers: [ints('from', [-1]), ints('to', [-(2 ** 31)]), ints('axes', [1]), ints('steps', [-1])],
  },
  'Slice backwards over an input of 2^31 − 1': {
    nodes: [node('Slice', ['x', 'from', 'to', 'axes', 'steps'], ['y'])],
    inputs: [info('x', [1, 2 ** 31 - 1])],
    initializers: [ints('from', [-1]), ints('to', [-(2 ** 31)]), ints('axes', [1]), ints('steps', [-1])],
  },
  'Gather from a constant of 10^8': read([1e8], [node('Gather', ['c', 'i'], ['part'])], [ints('i', [0, 1, 2, 3])]),
  'Gather by a constant of 10^8': {
    ...filled([1e8]),
    nodes: [...filled([1e8]).nodes, node('Gather', ['x', 'c'], ['y'], { axis: 1 })],
  },
  'Gather that repeats 2^20 rows': read(
    [2 ** 20],
    [
      node('Unsqueeze', ['c', 'axis'], ['rows']),
      node('Expand', ['rows', 'wide'], ['table']),
      node('Gather', ['table', 'c'], ['picked']),
      node('ReduceMax', ['picked'], ['part'], { keepdims: 0 }),
    ],
    [ints('axis', [1]), ints('wide', [2 ** 20, 2 ** 20])],
  ),
  'Expand to 2^40, then Slice': read(
    [1],
    [node('Expand', ['c', 'wide'], ['e']), node('Slice', ['e', 'from', 'to'], ['part'])],
    [ints('wide', [2 ** 20, 2 ** 20]), ...first],
  ),
  'Expand of an input to 2^40': {
    nodes: [node('Expand', ['x', 'wide'], ['y'])],
    initializers: [ints('wide', [2 ** 20, 2 ** 20, 3, 8, 8])],
  },
  'Expand of an input to a shape of 2^19 dims': {
    nodes: [node('ConstantOfShape', ['sizes'], ['c'], { value: { tensor: ints('', [1]) } }), node('Expand', ['x', 'c'], ['y'])],
    initializers: [ints('sizes', [2 ** 19])],
  },
  'Tile of a constant, 2^20 times': read(
    [1024],
    [node('Tile', ['c', 'times'], ['t']), node('Slice', ['t', 'from', 'to'], ['part'])],
    [ints('times', [2 ** 20]), ...first],
  ),
  'Tile of an input, 2^50 times': {
    nodes: [node('Tile', ['x', 'times'], ['y'])],
    initializers: [ints('times', [1, 2 ** 30, 2 ** 10, 2 ** 10])],
  },
  'Pad of an input by 2^50': {
    nodes: [node('Pad', ['x', 'pads'], ['y'])],
    initializers: [ints('pads', [0, 0, 2 ** 50, 0, 0, 0, 0, 0])],
  },
  'Pad of an input that takes 2^31 away': {
    nodes: [node('Pad', ['x', 'pads'], ['y'])],
    initializers: [ints('pads', [0, 0, -(2 ** 31), 0, 0, 0, 0, 0])],
  },
  'Range of 2^40': {
    nodes: [node('Range', ['a', 'b', 'd'], ['r']), node('Slice', ['r', 'from', 'to'], ['part']), node('Reshape', ['x', 'part'], ['y'])],
    initializers: [ints('a', [0], []), ints('b', [2 ** 40], []), ints('d', [1], []), ...first],
  },
  'Range by a step of 0': {
    nodes: [node('Range', ['a', 'b', 'd'], ['r']), node('Slice', ['r', 'from', 'to'], ['part']), node('Reshape', ['x', 'part'], ['y'])],
    initializers: [ints('a', [0], []), ints('b', [1], []), ints('d', [0], []), ...first],
  },
  'OneHot of depth 2^40': {
    nodes: [
      node('OneHot', ['i', 'depth', 'values'], ['h']),
      node('Slice', ['h', 'from', 'to'], ['part']),
      node('Reshape', ['x', 'part'], ['y']),
    ],
    initializers: [ints('i', [0]), ints('depth', [2 ** 40], []), ints('values', [0, 1]), ...first],
  },
  'Concat of 1,000 constants of 2^26': read(
    [2 ** 26],
    [
      node(
        'Concat',
        many(1000, () => 'c'),
        ['joined'],
        { axis: 0 },
      ),
      node('Slice', ['joined', 'from', 'to'], ['part']),
    ],
    first,
  ),
  'Concat that doubles 50 times': read(
    [64],
    [
      node('Identity', ['c'], ['d0']),
      ...many(50, (i) => node('Concat', [`d${i}`, `d${i}`], [`d${i + 1}`], { axis: 0 })),
      node('Slice', ['d50', 'from', 'to'], ['part']),
    ],
    first,
  ),
  'Split of an input into 2^40': { nodes: [node('Split', ['x'], ['y', 'z'], { axis: 1, num_outputs: 2 ** 40 })], opset: 18 },
  'Split of a constant into 2^40': {
    ...read([2 ** 20], [node('Split', ['c'], ['part', 'z'], { num_outputs: 2 ** 40 })]),
    opset: 18,
  },
  'Split of a constant of 2^30': read([2 ** 30], [node('Split', ['c', 'parts'], ['part', 'rest'])], [ints('parts', [4, 2 ** 30 - 4])]),
  'Transpose of a constant of 2^30, then Slice': read(
    [2 ** 15, 2 ** 15],
    [node('Transpose', ['c'], ['t']), node('Slice', ['t', 'from', 'to', 'axes'], ['part'])],
    [ints('from', [0, 0]), ints('to', [1, 4]), ints('axes', [0, 1])],
  ),
  'Cast of a constant of 2^28, then Slice': read(
    [2 ** 28],
    [node('Cast', ['c'], ['t'], { to: 7 }), node('Slice', ['t', 'from', 'to'], ['part'])],
    first,
  ),
  'Add that broadcasts to 2^30, then Slice': read(
    [2 ** 15],
    [
      node('Unsqueeze', ['c', 'axis'], ['column']),
      node('Add', ['c', 'column'], ['sum']),
      node('Slice', ['sum', 'from', 'to', 'axes'], ['part']),
    ],
    [ints('axis', [1]), ints('from', [0, 0]), ints('to', [1, 4]), ints('axes', [0, 1])],
  ),
  'Sum of 2,000 tensors of 2^20 that broadcast': read(
    [2 ** 20],
    [node('Sum', ['c', ...many(2000, () => 'one')], ['sum']), node('Slice', ['sum', 'from', 'to'], ['part'])],
    [ints('one', [1]), ...first],
  ),
  'Where over 2^27, then Slice': read(
    [2 ** 27],
    [node('Where', ['c', 'c', 'c'], ['w']), node('Slice', ['w', 'from', 'to'], ['part'])],
    first,
  ),
  'NonZero of 16 dims of 2^20 elements, 100 times': read(
    [2 ** 20, ...many(15, () => 1)],
    [
      node('Equal', ['c', 'c'], ['ones']),
      ...many(100, (i) => node('NonZero', ['ones'], [`n${i}`])),
      node(
        'Concat',
        many(100, (i) => `n${i}`),
        ['all'],
        { axis: 0 },
      ),
      node('ReduceMax', ['all'], ['part'], { keepdims: 0 }),
    ],
  ),
  'ScatterND of 2^20 elements, 200 times': read(
    [2 ** 20],
    [
      node('Identity', ['c'], ['s0']),
      ...many(200, (i) => node('ScatterND', [`s${i}`, 'at', 'one'], [`s${i + 1}`])),
      node('ReduceMax', ['s200'], ['part'], { keepdims: 0 }),
    ],
    [ints('at', [0], [1, 1]), ints('one', [1])],
  ),
  'ReduceMax of 2^20 elements, 1,000 times': read(
    [2 ** 20],
    [
      ...many(1000, (i) => node('ReduceMax', ['c'], [`m${i}`])),
      node(
        'Concat',
        many(1000, (i) => `m${i}`),
        ['part'],
        { axis: 0 },
      ),
    ],
  ),
  'a weight cut from a constant of 2^30': {
    nodes: [
      ...filled([2 ** 30]).nodes,
      node('Cast', ['c'], ['f'], { to: 1 }),
      node('Slice', ['f', 'from', 'to'], ['cut']),
      node('Reshape', ['cut', 'form'], ['w']),
      node('Conv', ['x', 'w'], ['y']),
    ],
    initializers: [...filled([2 ** 30]).initializers, ints('from', [0]), ints('to', [60_000]), ints('form', [20_000, 3, 1, 1])],
  },
  'Reshape to a shape of 2^20 sizes': { ...filled([2 ** 20]), nodes: [...filled([2 ** 20]).nodes, node('Reshape', ['x', 'c'], ['y'])] },
  'Upsample by 10^30': {
    nodes: [node('Upsample', ['x', 'scales'], ['y'])],
    initializers: [floats('scales', [4], [1, 1, 1e30, 1])],
    opset: 9,
  },
  'Resize to 2^60': {
    nodes: [node('Resize', ['x', '', '', 'sizes'], ['y'])],
    initializers: [ints('sizes', [1n, 3n, 2n ** 60n, 8n])],
  },
  'a function whose body has 100,000 empty inputs, called 9,000 times': {
    nodes: many(9000, (i) => node('f', [i === 0 ? 'x' : `t${i}`], [i === 8999 ? 'y' : `t${i + 1}`], {}, { domain: 'local' })),
    functions: [
      localFunction(
        'f',
        ['a'],
        ['b'],
        [node('Identity', ['a', ...many(100_000, () => '')], ['b']), ...many(9, () => node('Identity', ['a'], ['']))],
      ),
    ],
  },
  'a function whose nodes have names of a MiB, called 9,000 times': {
    nodes: many(9000, (i) => node('f', [i === 0 ? 'x' : `t${i}`], [i === 8999 ? 'y' : `t${i + 1}`], {}, { domain: 'local' })),
    functions: [localFunction('f', ['a'], ['b'], [node('Identity', ['a'], ['b'], {}, { name: 'n'.repeat(2 ** 20) })])],
  },
  'a function with 100,000 attributes, called 9,000 times': {
    nodes: many(9000, (i) => node('f', [i === 0 ? 'x' : `t${i}`], [i === 8999 ? 'y' : `t${i + 1}`], {}, { domain: 'local' })),
    functions: [
      localFunction(
        'f',
        ['a'],
        ['b'],
        [Object.assign(node('Identity', ['a'], ['b']), { attribute: many(100_000, () => attribute('a', 1)) })],
      ),
    ],
  },
}

/** The bytes of each, made when they are asked for. */
export const bombBytes = (name: string): Uint8Array => file(onnxBombs[name]!)
