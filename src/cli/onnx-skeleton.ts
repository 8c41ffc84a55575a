import { closeSync, fstatSync, openSync, readSync } from 'node:fs'

/** Fields by onnx.proto: of ModelProto, GraphProto, NodeProto and TensorProto. */
const graphField = 7
const graph = { node: 1, initializer: 5 } as const
const nodeFields = { input: 1, opType: 4, domain: 7 } as const
const tensor = { dataType: 2, floatData: 4, name: 8, rawData: 9, doubleData: 10 } as const
/** Types whose numbers are weights and never a shape: float, float16, double, bfloat16 (TensorProto.DataType). */
const weightTypes: ReadonlySet<number> = new Set([1, 10, 11, 16])

/**
 * Operators whose weights are counted by their shapes alone. What others take may be looked at: whether a table is a grid of
 * positions, whether a channel is padding (`onnx-import/learning.ts`).
 */
const countedByShape: ReadonlySet<string> = new Set([
  'Conv',
  'ConvTranspose',
  'Gemm',
  'MatMul',
  'FusedConv',
  'FusedGemm',
  'FusedMatMul',
  'GemmFastGelu',
])
/** Its filters are padded to whole blocks of channels, which only their zeros show. */
const blockedDomain = 'com.microsoft.nchwc'
/** Bytes of a table that is larger than what is looked at. */
const neverLookedAt = 2 ** 22

const chunk = 2 ** 16

/** A file that is read where it is asked for, into an array of its length. */
class Lazy {
  readonly bytes: Uint8Array
  readonly #file: number
  /** What was read last. */
  #from = 0
  #to = 0

  constructor(file: number) {
    this.#file = file
    // Of pages that are never written the system makes none: weights left out take no memory.
    this.bytes = new Uint8Array(fstatSync(file).size)
  }

  /** Makes sure that bytes `from` to `to` are there. */
  read(from: number, to: number): void {
    for (let at = from; at < to; ) {
      const read = readSync(this.#file, this.bytes, at, Math.min(to - at, 2 ** 30), at)
      if (read === 0) throw new Error('the file became shorter while it was read')
      at += read
    }
  }

  /** The byte at `at`, and a chunk from there on where it is not there yet. */
  byte(at: number): number {
    if (at < this.#from || at >= this.#to) {
      this.#from = at
      this.#to = Math.min(at + chunk, this.bytes.length)
      this.read(at, this.#to)
    }
    return this.bytes[at]!
  }
}

/**
 * The bytes of an ONNX file with zeros in place of large weights: what a network costs is not in its weights, which are
 * nearly all of the file. Only float payloads of initializers that are larger than `keep` bytes and whose numbers are never
 * looked at are left out; all else is as in the file. What is no ONNX file comes back whole, for its reader to refuse.
 */
export function readOnnxSkeleton(path: string, keep = chunk): Uint8Array {
  const file = openSync(path, 'r')
  try {
    const lazy = new Lazy(file)
    const holes = weightsIn(lazy, keep)
    let at = 0
    for (const [from, to] of holes ?? []) {
      lazy.read(at, from)
      lazy.bytes.fill(0, from, Math.min(from + chunk, to))
      at = to
    }
    lazy.read(at, lazy.bytes.length)
    return lazy.bytes
  } finally {
    closeSync(file)
  }
}

/** What the nodes of a graph make of a tensor, most demanding last. */
const uses = { byShape: 1, other: 2, blocked: 3 } as const

/** Where large weights lie; null where the bytes are no message of the form expected. */
function weightsIn(lazy: Lazy, keep: number): [number, number][] | null {
  const large: { name: string; from: number; to: number }[] = []
  const used = new Map<string, number>()
  let at = 0
  const text = (from: number, to: number): string => {
    lazy.read(from, to)
    return Buffer.from(lazy.bytes.buffer, from, to - from).toString('latin1')
  }
  const varint = (end: number): number => {
    let value = 0
    for (let shift = 0; shift < 70 && at < end; shift += 7) {
      const byte = lazy.byte(at++)
      value += (byte & 0x7f) * 2 ** shift
      if (byte < 0x80) return value
    }
    return Number.NaN
  }
  /** Calls `visit` for each field of a message; `visit` says whether it went into a field of some length itself. False where it is none. */
  const walk = (end: number, visit: (field: number, from: number, to: number, value: number) => boolean): boolean => {
    while (at < end) {
      const tag = varint(end)
      const [field, wire] = [Math.floor(tag / 8), tag % 8]
      if (wire === 0) visit(field, at, at, varint(end))
      else if (wire === 1) at += 8
      else if (wire === 5) at += 4
      else if (wire === 2) {
        const length = varint(end)
        if (!(length <= end - at)) return false
        const to = at + length
        if (!visit(field, at, to, 0)) at = to
        else if (at !== to) return false
      } else return false
    }
    return at === end
  }
  const inTensor = (end: number): boolean => {
    let dataType = 0
    let name = ''
    const payloads: [number, number][] = []
    const whole = walk(end, (field, from, to, value) => {
      if (field === tensor.dataType) dataType = value
      if (field === tensor.name) name = text(from, to)
      const payload = field === tensor.rawData || field === tensor.floatData || field === tensor.doubleData
      if (payload && to - from > keep) payloads.push([from, to])
      return false
    })
    if (weightTypes.has(dataType)) for (const [from, to] of payloads) large.push({ name, from, to })
    return whole
  }
  const inNode = (end: number): boolean => {
    const inputs: string[] = []
    let [opType, domain] = ['', '']
    const whole = walk(end, (field, from, to) => {
      if (field === nodeFields.input) inputs.push(text(from, to))
      else if (field === nodeFields.opType) opType = text(from, to)
      else if (field === nodeFields.domain) domain = text(from, to)
      return false
    })
    const use = domain === blockedDomain ? uses.blocked : countedByShape.has(opType) ? uses.byShape : uses.other
    for (const name of inputs) used.set(name, Math.max(used.get(name) ?? 0, use))
    return whole
  }
  const inGraph = (end: number): boolean =>
    walk(end, (field, _from, to) => (field === graph.initializer && inTensor(to)) || (field === graph.node && inNode(to)))
  if (!walk(lazy.bytes.length, (field, _from, to) => field === graphField && inGraph(to))) return null
  return large.flatMap(({ name, from, to }) => {
    // A tensor that no node of this graph takes may be one of an inner graph's.
    const use = used.get(name) ?? uses.other
    return use === uses.byShape || (use === uses.other && to - from > neverLookedAt) ? [[from, to] as [number, number]] : []
  })
}
