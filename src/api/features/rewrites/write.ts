import { createHash } from 'node:crypto'
import { closeSync, openSync, writeSync } from 'node:fs'
import { EngineError } from '../../../engine/errors.ts'
import { importOnnx, type OpenSizes } from '../../../engine/formats/onnx-import/index.ts'
import { streamOnnx } from '../../../engine/formats/onnx-stream.ts'
import type { Graph } from '../../../engine/graph.ts'
import type { Limits } from '../../../engine/limits.ts'
import { type RecipeStep, rewriteGraph } from '../../../engine/rewrites/apply.ts'
import { previewRewrite, type RewritePreview } from '../../../engine/rewrites/preview.ts'
import type { WeightPlan } from '../../../engine/rewrites/weights.ts'
import { externalFile } from '../../../gpu/external-files.ts'
import type { BlobFile } from '../../../store/index.ts'
import { type Packed, pack, unpack } from '../../../store/packed.ts'
import { readOnnx } from '../architectures/onnx-file.ts'
import { countsOf, digestOf, type ReadArchitecture, type RewriteSource } from '../architectures/specification.ts'

export interface RewriteTask {
  graph: Packed
  limits: Limits
  recipe: readonly RecipeStep[]
  convention: string
  batch: number
  /** Null for a preview: nothing is to be registered. */
  register: {
    name: string
    parent: RewriteSource['parent']
    /** The file with the weights of the architecture, those beside it, and where the new one goes. */
    file: { path: string; data: readonly { location: string; path: string }[]; sizes?: OpenSizes; to: string } | null
  } | null
}

export interface RewriteAnswer {
  preview: RewritePreview
  /** What is to be stored, and the file with its weights where it has one. */
  read: ReadArchitecture | null
  file: BlobFile | null
}

/**
 * Applies a recipe to a stored graph. Where the architecture has weights of its own, those of the new one are written to a file:
 * kept and derived ones, and seeded ones where they are new.
 * @throws EngineError as `rewriteGraph`, `computeCosts`, `importOnnx` and `streamOnnx` do.
 */
export function rewriteStored({ graph: packed, limits, recipe, convention, batch, register }: RewriteTask): RewriteAnswer {
  const graph = unpack(packed) as Graph
  const rewritten = rewriteGraph(graph, recipe, limits)
  const preview = previewRewrite(graph, rewritten, { convention, batch })
  if (!register) return { preview, read: null, file: null }
  const { name, parent, file } = register
  const steps = preview.steps.map(({ rewrite, options, layers }) => ({ rewrite, options, ...(layers ? { layers } : {}) }))
  const source = { kind: 'rewrite' as const, parent, recipe: steps, weights: preview.weights }
  if (!file) {
    const { graph: result } = rewritten
    const read = {
      name,
      source: { ...source, report: null, file: null },
      graph: pack(result),
      digest: digestOf(result),
      ...countsOf(result),
    }
    return { preview, read, file: null }
  }
  const written = writeFile(graph, rewritten.graph, rewritten.weights, file, limits)
  const read = readOnnx({ name, file: written, data: [], limits })
  const { report } = read.source as Extract<ReadArchitecture['source'], { kind: 'onnx' }>
  return {
    preview: { ...preview, approximations: rewritten.weights.approximations() },
    read: { ...read, source: { ...source, report, file: { digest: written.digest, bytes: written.bytes } } },
    file: written,
  }
}

/** Writes the new network with its weights as an ONNX file. */
function writeFile(
  before: Graph,
  after: Graph,
  weights: WeightPlan,
  { path, data, sizes, to }: NonNullable<NonNullable<RewriteTask['register']>['file']>,
  limits: Limits,
): BlobFile {
  const beside = new Map(data.map((each) => [each.location, externalFile(each.path)]))
  const model = importOnnx(externalFile(path), { limits, files: (location) => beside.get(location), sizes })
  if (digestOf(model.graph) !== digestOf(before))
    throw new EngineError(
      'INVALID_ONNX',
      'the file with the weights is read differently by this version than when it was registered: register it again, then rewrite that',
    )
  const { pieces } = streamOnnx(after, { parameterOf: weights.valuesFrom(model.parameterOf) })
  const hash = createHash('sha256')
  let bytes = 0
  const file = openSync(to, 'w', 0o600)
  try {
    for (const piece of pieces) {
      hash.update(piece)
      bytes += piece.length
      for (let at = 0; at < piece.length; ) at += writeSync(file, piece, at)
    }
  } finally {
    closeSync(file)
  }
  return { path: to, digest: `sha256:${hash.digest('hex')}`, bytes }
}
