import { closeSync, openSync, readFileSync, readSync, statSync } from 'node:fs'
import path from 'node:path'
import { EngineError } from '../engine/errors.ts'
import type { ExternalFile } from '../engine/formats/onnx-import/index.ts'
import type { Graph } from '../engine/graph.ts'
import { nearest } from '../engine/nearest.ts'
import { isRecord } from '../engine/read-spec.ts'
import type { ParameterSource } from '../engine/rewrites/weights.ts'
import { verifyGraph } from '../engine/verify.ts'
import { expandZoo, presetNames } from '../engine/zoo/index.ts'
import { CliError, failureText } from './failure.ts'
import { readOnnxSkeleton } from './onnx-skeleton.ts'
import type { Sizes } from './options.ts'

/** A network that a command works on. */
export interface Network {
  /** As it was asked for. */
  name: string
  graph: Graph
}

/** A network with the numbers of its file. */
export interface WeightedNetwork extends Network {
  /** Null where it comes from no file that can have weights. */
  parameterOf: ParameterSource | null
}

/** What people name in place of a model, by its first bytes, and what to do about it. */
const mistaken: readonly [start: string, what: string][] = [
  ['PK\u0003\u0004', 'a zip archive, such as PyTorch and Keras write: export the network as ONNX, or write model.to_json() to a file'],
  ['\u0089HDF', 'an HDF5 file, such as Keras writes: write model.to_json() to a file'],
  ['\u001f\u008b', 'compressed: unpack it first'],
]

/**
 * A network by the name of a file (ONNX, Keras or TensorFlow.js JSON, Archmeter's own JSON), `-` for standard input, or a
 * preset of the zoo. A file goes before a preset of the same name.
 * @param sizes that an ONNX file leaves open, and Keras’ the shape of its input.
 * @throws CliError where there is neither, it cannot be read, or it leaves no sizes open; EngineError as the importers do.
 */
export async function load(name: string, sizes: Sizes = {}): Promise<Network> {
  const { graph, name: shown } = await loadNetwork(name, false, sizes)
  return { name: shown, graph }
}

/** The same, with the weights of an ONNX file. @throws as `load` does. */
export const loadWeighted = (name: string, sizes: Sizes = {}): Promise<WeightedNetwork> => loadNetwork(name, true, sizes)

/** Several: sizes are for those that are files which may leave them open. @throws as `load` does. */
export async function loadAll(names: readonly string[], sizes: Sizes): Promise<Network[]> {
  const networks: Network[] = []
  let taken = !asked(sizes)
  for (const name of names) {
    const network = await loadNetwork(name, false, sizes, () => (taken ||= true))
    networks.push({ name: network.name, graph: network.graph })
  }
  if (!taken) throw new CliError(`none of ${names.join(', ')} leaves sizes open: ${closed}`)
  return networks
}

const asked = ({ dims, inputShape }: Sizes): boolean => dims !== undefined || inputShape !== undefined
const closed = '--dims is for ONNX files, --input-shape for these and for Keras; elsewhere --resolution takes the place of the input’s own'

/** @param takes is told where the sizes were for this one; without it they must be. */
async function loadNetwork(name: string, weights: boolean, sizes: Sizes, takes?: () => void): Promise<WeightedNetwork> {
  try {
    const { sized, ...network } = await networkAt(sourceOf(name), weights, sizes)
    if (sized) takes?.()
    else if (asked(sizes) && !takes) throw new CliError(`this leaves no sizes open: ${closed}`)
    return { name: name === '-' ? 'stdin' : name, ...network }
  } catch (cause) {
    throw failureOf(name, cause)
  }
}

/** What went wrong with a model, its name in front. */
export function failureOf(name: string, cause: unknown): unknown {
  if (cause instanceof EngineError || cause instanceof CliError)
    // What an address names so is an option here.
    return new CliError(
      `${name}: ${failureText(cause)
        .replace(/\bdims=(?=\S+:\d)/, '--dims ')
        .replace('whole inputShape', 'whole --input-shape')}`,
    )
  // What the system says of a file: EACCES, EIO, …
  if (typeof (cause as NodeJS.ErrnoException).syscall === 'string')
    return new CliError(`${name} cannot be read: ${(cause as Error).message}`)
  return cause
}

/** `sized`: a file that may leave sizes open, which it was read at. */
type Read = Omit<WeightedNetwork, 'name'> & { sized?: true }
const withoutWeights = (graph: Graph): Read => ({ graph, parameterOf: null })

/** Where a model is found: a preset, a plain file, or bytes; `folder` is where files beside it lie, null where nothing is known of one. */
export type Source = { preset: string } | { path: string; json: boolean; folder: string } | { bytes: Uint8Array; folder: string | null }

/** @throws CliError where there is neither such a file nor such a preset. */
export function sourceOf(name: string): Source {
  if (name === '-') return { bytes: readStdin(), folder: null }
  const kind = statSync(name, { throwIfNoEntry: false })
  if (!kind) {
    if (presetNames.includes(name)) return { preset: name }
    throw new CliError(`there is no such file, and no such preset of the zoo${nearest(path.basename(name), presetNames)}`)
  }
  if (kind.isDirectory()) throw new CliError(`this is a folder: name a file in it, such as ${path.join(name, 'model.onnx')}`)
  const folder = path.dirname(path.resolve(name))
  return kind.isFile() ? { path: name, json: isJson(name), folder } : { bytes: readStream(name), folder }
}

async function networkAt(source: Source, weights: boolean, sizes: Sizes): Promise<Read> {
  if ('preset' in source) return withoutWeights(verifyGraph(expandZoo(source).spec))
  if ('bytes' in source) return networkOf(source.bytes, source.folder, sizes)
  return networkOf(weights || source.json ? readFileSync(source.path) : readOnnxSkeleton(source.path), source.folder, sizes)
}

/** Most that is read of what states no size, bytes: no ONNX file is larger. */
const mostOfStream = 2 ** 31

/** What comes from a pipe or a device, to its end. @throws CliError where it does not end. */
function readStream(source: string | 0): Uint8Array {
  const file = source === 0 ? 0 : openSync(source, 'r')
  try {
    const parts: Buffer[] = []
    for (let size = 0; ; ) {
      const part = Buffer.allocUnsafe(2 ** 20)
      const read = readPartOf(file, part)
      if (read === 0) return Buffer.concat(parts)
      size += read
      if (size > mostOfStream) throw new CliError('more than 2 GiB came, which no ONNX file has: name the file itself')
      parts.push(part.subarray(0, read))
    }
  } finally {
    if (source !== 0) closeSync(file)
  }
}

/** Waits where a terminal or a pipe has nothing yet. */
function readPartOf(file: number, into: Buffer): number {
  for (;;)
    try {
      return readSync(file, into)
    } catch (cause) {
      const { code } = cause as NodeJS.ErrnoException
      if (code === 'EOF') return 0
      if (code !== 'EAGAIN') throw cause
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10)
    }
}

let stdinTaken = false
function readStdin(): Uint8Array {
  if (stdinTaken) throw new CliError('standard input can be read once: name a file for the other model')
  stdinTaken = true
  return readStream(0)
}

/** Whether a file that begins so is JSON. @param start its first bytes, one character a byte. */
export const startsJson = (start: string): boolean => /^(\uFEFF|\u00EF\u00BB\u00BF)?\s*[{[]/.test(start)

function isJson(name: string): boolean {
  const file = openSync(name, 'r')
  try {
    const start = Buffer.alloc(64)
    return startsJson(start.toString('latin1', 0, readSync(file, start)))
  } finally {
    closeSync(file)
  }
}

/** @param folder where files beside the model lie; null where nothing is known of one. */
async function networkOf(bytes: Uint8Array, folder: string | null, sizes: Sizes): Promise<Read> {
  const start = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.byteLength, 64)).toString('latin1')
  if (startsJson(start)) return ofJson(new TextDecoder().decode(bytes), sizes)
  if (bytes.length === 0) throw new CliError('this is empty: there is no model in it')
  const mistake = mistaken.find(([first]) => start.startsWith(first))
  if (mistake) throw new CliError(`this is ${mistake[1]}`)
  // A protobuf library is loaded for those that need it.
  const { importOnnx } = await import('../engine/formats/onnx-import/index.ts')
  const { graph, parameterOf } = importOnnx(bytes, {
    files: (location) => (folder === null ? undefined : besideModel(folder, location)),
    sizes,
  })
  return { graph, parameterOf, sized: true }
}

/**
 * Where a file lies that a model names for its numbers.
 * @param folder of the model. @returns undefined where there is none, or where its name leads out of the folder.
 */
export function pathBeside(folder: string, location: string): string | undefined {
  const file = path.resolve(folder, location)
  const inside = file.startsWith(folder.endsWith(path.sep) ? folder : folder + path.sep)
  return inside && statSync(file, { throwIfNoEntry: false })?.isFile() ? file : undefined
}

/** Most that one system call reads, bytes. */
const mostAtOnce = 2 ** 30

/** A file beside a model, read in parts: as `gpu/external-files.ts` does, which nothing here may import. */
function besideModel(folder: string, location: string): ExternalFile | undefined {
  const file = pathBeside(folder, location)
  if (file === undefined) return undefined
  return {
    length: statSync(file).size,
    read(offset, length) {
      const bytes = new Uint8Array(length)
      const opened = openSync(file, 'r')
      try {
        for (let at = 0; at < length; ) {
          const read = readSync(opened, bytes, at, Math.min(length - at, mostAtOnce), offset + at)
          if (read === 0) throw new CliError(`${file} is shorter than the model says`)
          at += read
        }
      } finally {
        closeSync(opened)
      }
      return bytes
    },
  }
}

/** JSON as an object, whatever network it is. @throws CliError where it is none. */
export function readJson(text: string): Record<string, unknown> {
  let json: unknown
  try {
    json = JSON.parse(text.replace(/^\uFEFF/, ''))
  } catch (cause) {
    throw new CliError(`this is no JSON: ${(cause as Error).message.slice(0, 200)}`)
  }
  if (!isRecord(json)) throw new CliError('the JSON is no object: a network is one, with layers, zoo, or what Keras or TensorFlow.js write')
  return json
}

/** What the service registers: with the model under a name, where the file is the model itself as its tool wrote it. @throws CliError */
export function specificationOf(json: Record<string, unknown>): Record<string, unknown> {
  const { zoo, layers, tfjs, keras } = json
  if (zoo !== undefined || Array.isArray(layers) || tfjs !== undefined || keras !== undefined) return json
  if (json.modelTopology !== undefined) return { tfjs: json }
  if (json.class_name !== undefined || json.model_config !== undefined || json.config !== undefined) return { keras: json }
  throw new CliError(
    'this is JSON, but no network: it has none of layers (Archmeter), zoo, class_name (Keras) and modelTopology (TensorFlow.js)',
  )
}

async function ofJson(text: string, asked: Sizes): Promise<Read> {
  const { name: _name, ...spec } = specificationOf(readJson(text))
  const { keras, tfjs, zoo } = spec
  if (zoo !== undefined) return withoutWeights(verifyGraph(expandZoo(zoo).spec))
  if (Array.isArray(spec.layers)) return withoutWeights(verifyGraph(spec))
  const inputShape = asked.inputShape ?? spec.inputShape
  const options = Array.isArray(inputShape) ? { inputShape: inputShape as number[] } : {}
  const { importKeras, importTfjsLayers } = await import('../engine/formats/keras/index.ts')
  const graph = tfjs !== undefined ? importTfjsLayers(tfjs, options) : importKeras(keras, options)
  return { ...withoutWeights(graph), ...(asked.dims === undefined ? { sized: true } : {}) }
}
