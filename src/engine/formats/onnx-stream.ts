import { toBinary } from '@bufbuild/protobuf'
import { GraphProtoSchema, ModelProtoSchema, TensorProtoSchema } from 'onnx-buf'
import { EngineError } from '../errors.ts'
import type { Graph } from '../graph.ts'
import { draftOnnx, type OnnxExportOptions } from './onnx-export.ts'
import { largestMessage } from './onnx-initializers.ts'

/** Field numbers of onnx.proto (ONNX 1.12), each of wire type 2, length-delimited. */
const graphField = 7
const initializerField = 5
const rawDataField = 9

/** Tag and length of a length-delimited field (protobuf, "Encoding"). */
function prefix(field: number, length: number): Uint8Array<ArrayBuffer> {
  const bytes = [(field << 3) | 2]
  let rest = length
  for (; rest > 127; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 128)
  return Uint8Array.from([...bytes, rest])
}

/**
 * A model in one file with its weights inside, piece by piece in order: a part of one parameter is in memory at a time, where
 * `exportOnnx` would hold all of them twice.
 * @returns pieces that make the file, and its length in bytes.
 * @throws EngineError INVALID_RESOLUTION as `exportOnnx`; EXPORT_UNSUPPORTED where the file would pass the 2 GiB of a
 *   protobuf message. Both before the first piece.
 */
export function streamOnnx(
  graph: Graph,
  options: Omit<OnnxExportOptions, 'storage'> = {},
): { length: number; pieces: Iterable<Uint8Array> } {
  const { model, initializers } = draftOnnx(graph, { ...options, storage: 'inline' })
  const { graph: whole, ...around } = model
  const head = toBinary(ModelProtoSchema, around)
  const nodes = toBinary(GraphProtoSchema, { ...whole!, initializer: [] })
  const tensors = initializers.stream(options.seed ?? 0).map(({ tensor, length, data }) => {
    const described = toBinary(TensorProtoSchema, { ...tensor, rawData: new Uint8Array() })
    const opening = prefix(rawDataField, length)
    const size = described.length + opening.length + length
    const start = joined(prefix(initializerField, size), described, opening)
    return { start, length: start.length + length, data }
  })
  const inside = tensors.reduce((sum, { length }) => sum + length, nodes.length)
  const opening = prefix(graphField, inside)
  const length = head.length + opening.length + inside
  if (length > largestMessage)
    throw new EngineError(
      'EXPORT_UNSUPPORTED',
      `with its weights the file takes ${length} bytes, but an ONNX file ends at ${largestMessage}: export it without weights`,
    )
  return {
    length,
    pieces: (function* () {
      yield head
      yield opening
      yield nodes
      for (const { start, data } of tensors) {
        yield start
        yield* data()
      }
    })(),
  }
}

/** Arrays end to end. */
function joined(...parts: Uint8Array[]): Uint8Array {
  const out = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const part of parts) {
    out.set(part, at)
    at += part.length
  }
  return out
}
