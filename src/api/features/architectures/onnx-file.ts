import { createHash } from 'node:crypto'
import { EngineError } from '../../../engine/errors.ts'
import {
  type AskedSizes,
  type ExternalFile,
  importOnnx,
  type NamedFile,
  type OpenSizes,
  otherSizes,
} from '../../../engine/formats/onnx-import/index.ts'
import type { Graph } from '../../../engine/graph.ts'
import type { Limits } from '../../../engine/limits.ts'
import { externalFile } from '../../../gpu/external-files.ts'
import type { BlobFile } from '../../../store/index.ts'
import { type Packed, pack, unpack } from '../../../store/packed.ts'
import { invalidRequest, type Violation } from '../../errors.ts'
import { countsOf, digestOf, type ReadArchitecture } from './specification.ts'

export interface OnnxTask {
  name: string
  file: BlobFile
  /** Files sent beside the model, by the names under which they were sent. */
  data: readonly DataFile[]
  /** Sizes that the file leaves open. */
  sizes?: OpenSizes | undefined
  limits: Limits
}

export interface DataFile {
  name: string
  file: BlobFile
}

/**
 * Other formats that people send by mistake, by their first bytes, and what to do instead. No ONNX file begins with these
 * bytes.
 */
const mistaken: readonly [start: string, what: string][] = [
  ['{', 'this is JSON: send it with the content type application/json'],
  ['[', 'this is JSON: send it with the content type application/json'],
  ['PK\u0003\u0004', 'this is a zip archive, such as PyTorch and Keras write: export the network as ONNX, or send a Keras model as JSON'],
  ['\u0089HDF', 'this is an HDF5 file, such as Keras writes: send model.to_json() as JSON under "keras"'],
  ['\u001f\u008b', 'this is compressed: send the ONNX file itself'],
]

/**
 * Reads an uploaded ONNX file. Files with different weights are different networks, so a file with weights is part of the
 * digest, together with its external data.
 * @throws EngineError as `importOnnx` and `computeCosts` do; ApiError INVALID_REQUEST for a file that the model does not name,
 *   or that is not the one that it names.
 */
export function readOnnx({ name, file, data, sizes, limits }: OnnxTask): ReadArchitecture {
  const model = externalFile(file.path)
  const start = Buffer.from(model.read(0, Math.min(4, model.length))).toString('latin1')
  const mistake = mistaken.find(([first]) => start.startsWith(first))
  if (mistake) throw new EngineError('INVALID_ONNX', `the file is no ONNX model: ${mistake[1]}`)
  const sent = new SentFiles(data)
  const { graph, report, beside } = importOnnx(model, { limits, files: sent.fileOf, sizes })
  const files = sent.check(beside)
  // A file with all its weights can be run directly, even if parts of it cannot be counted or run from our form of it.
  const hasWeights = report.weights === 'all' && (report.parameters.floatInitializerElements > 0 || holdsMore(graph))
  const content = digestOf(graph)
  const kept = files.map(({ location, file: { digest, bytes: size } }) => ({ location, digest, bytes: size }))
  const weights = [file.digest, ...kept.map(({ location, digest }) => `${JSON.stringify(location)} ${digest}`)].join(' ')
  return {
    name,
    source: {
      kind: 'onnx',
      report,
      ...(sizes ? { sizes } : {}),
      file: hasWeights ? { digest: file.digest, bytes: file.bytes, ...(kept.length > 0 ? { data: kept } : {}) } : null,
    },
    graph: pack(graph),
    digest: hasWeights ? `sha256:${createHash('sha256').update(`${content} ${weights}`).digest('hex')}` : content,
    ...countsOf(graph),
  }
}

export interface OnnxAtTask {
  /** The file as it is kept, and those beside it, by the names that it has for them. */
  path: string
  data: readonly { location: string; path: string }[]
  /** As it was registered, and at which sizes. */
  graph: Packed
  registered: OpenSizes
  asked: AskedSizes
  limits: Limits
}

/**
 * The graph of a kept file at other sizes than it was registered at; null where a resolution is asked for and its one input is no map.
 * @throws EngineError INVALID_RESOLUTION where it does not go through at these.
 */
export function readOnnxAt({
  path,
  data,
  graph: stored,
  registered,
  asked,
  limits,
}: OnnxAtTask): { graph: Packed; layerCount: number } | null {
  const sizes = otherSizes(unpack(stored) as Graph, registered, asked)
  if (!sizes) return null
  const beside = new Map(data.map(({ location, path: file }) => [location, externalFile(file)]))
  try {
    const { graph } = importOnnx(externalFile(path), { limits, files: (location) => beside.get(location), sizes })
    return { graph: pack(graph), layerCount: graph.layers.length }
  } catch (cause) {
    if (!(cause instanceof EngineError) || cause.code !== 'INVALID_ONNX') throw cause
    throw new EngineError('INVALID_RESOLUTION', `the file does not work at these sizes: ${cause.message}`, cause.errors)
  }
}

/** Matches the files of a form with the names that the model uses for them. Names are only compared; no path is opened. */
class SentFiles {
  readonly #data: readonly DataFile[]
  /** The model's name for a file → the file that was sent. */
  readonly #found = new Map<string, DataFile>()

  constructor(data: readonly DataFile[]) {
    this.#data = data
  }

  readonly fileOf = (location: string): ExternalFile | undefined => {
    // A form has no folders: a file that the model calls `weights/w.bin` is sent as `w.bin`.
    const last = location.split(/[/\\]/).at(-1)
    const found = this.#data.find(({ name }) => name === location) ?? this.#data.find(({ name }) => name === last)
    if (!found) return undefined
    this.#found.set(location, found)
    return externalFile(found.file.path)
  }

  /** The files by the model's names. @throws ApiError INVALID_REQUEST where one is none of the model's. */
  check(named: readonly NamedFile[]): { location: string; file: BlobFile }[] {
    const violations: Violation[] = []
    const matched = [...this.#found.values()]
    const wanted = named.map(({ location }) => JSON.stringify(location.slice(0, 100))).slice(0, 5)
    for (const sent of this.#data)
      if (!matched.includes(sent))
        violations.push({
          path: '/data',
          message: `the model names no file "${sent.name.slice(0, 100)}": ${wanted.length === 0 ? 'it holds all its numbers itself' : `it names ${wanted.join(', ')}`}`,
        })
    const twice = matched.find((file, i) => matched.indexOf(file) !== i)
    if (twice)
      violations.push({
        path: '/data',
        message: `the model names two files whose last part is "${twice.name.slice(0, 100)}": save it with all numbers in one file`,
      })
    for (const { location, checksum } of named) {
      const file = this.#found.get(location)
      if (file && checksum && sha1(file.file.path) !== checksum.toLowerCase())
        violations.push({
          path: '/data',
          message: `"${file.name.slice(0, 100)}" is not the file that was written with the model: its SHA-1 differs`,
        })
    }
    if (violations.length > 0) throw invalidRequest('form', violations)
    return [...this.#found].map(([location, { file }]) => ({ location, file })).sort((a, b) => (a.location < b.location ? -1 : 1))
  }
}

const chunk = 2 ** 22

function sha1(path: string): string {
  const hash = createHash('sha1')
  const file = externalFile(path)
  for (let at = 0; at < file.length; at += chunk) hash.update(file.read(at, Math.min(chunk, file.length - at)))
  return hash.digest('hex')
}

/** Whether a graph has layers that only their file can run, or tensors that it holds elsewhere than in initializers. */
const holdsMore = ({ layers }: Graph): boolean => layers.some(({ type }) => type === 'Opaque' || type === 'Parameter')
