import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { EngineError } from '../../../engine/errors.ts'
import { importOnnx } from '../../../engine/formats/onnx-import/index.ts'
import type { Graph } from '../../../engine/graph.ts'
import type { Limits } from '../../../engine/limits.ts'
import type { BlobFile } from '../../../store/index.ts'
import { pack } from '../../../store/packed.ts'
import { countsOf, digestOf, type ReadArchitecture } from './specification.ts'

export interface OnnxTask {
  name: string
  file: BlobFile
  limits: Limits
}

/** What people send in place of an ONNX file, by its first bytes, and where it should go. No ONNX file begins so. */
const mistaken: readonly [start: string, what: string][] = [
  ['{', 'this is JSON: send it with the content type application/json'],
  ['[', 'this is JSON: send it with the content type application/json'],
  ['PK\u0003\u0004', 'this is a zip archive, such as PyTorch and Keras write: export the network as ONNX, or send a Keras model as JSON'],
  ['\u0089HDF', 'this is an HDF5 file, such as Keras writes: send model.to_json() as JSON under "keras"'],
  ['\u001f\u008b', 'this is compressed: send the ONNX file itself'],
]

/**
 * Reads an uploaded ONNX file. One that carries its weights is another network than one with other weights, so the file
 * is part of the digest then.
 * @throws EngineError as `importOnnx` and `computeCosts` do.
 */
export function readOnnx({ name, file, limits }: OnnxTask): ReadArchitecture {
  const bytes = readFileSync(file.path)
  const start = bytes.toString('latin1', 0, 4)
  const mistake = mistaken.find(([first]) => start.startsWith(first))
  if (mistake) throw new EngineError('INVALID_ONNX', `the file is no ONNX model: ${mistake[1]}`)
  const { graph, report } = importOnnx(bytes, { limits })
  // A file that has all its numbers runs as it is, whatever of it cannot be counted or run otherwise.
  const hasWeights = report.weights === 'all' && (report.parameters.floatInitializerElements > 0 || holdsMore(graph))
  const content = digestOf(graph)
  return {
    name,
    source: { kind: 'onnx', report, file: hasWeights ? { digest: file.digest, bytes: file.bytes } : null },
    graph: pack(graph),
    digest: hasWeights ? `sha256:${createHash('sha256').update(`${content} ${file.digest}`).digest('hex')}` : content,
    ...countsOf(graph),
  }
}

/** Whether a graph has layers that only their file can run, or tensors that it holds elsewhere than in initializers. */
const holdsMore = ({ layers }: Graph): boolean => layers.some(({ type }) => type === 'Opaque' || type === 'Parameter')
