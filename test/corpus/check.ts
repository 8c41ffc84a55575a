/** One exported file, by us: its figures and its outputs, beside those that Python found by executing it. */
import { readFileSync } from 'node:fs'
import * as ort from 'onnxruntime-node'
import { grouped } from '../../scripts/markdown.ts'
import { computeCosts, uncountedOperators } from '../../src/engine/cost.ts'
import { EngineError } from '../../src/engine/errors.ts'
import { exportOnnx } from '../../src/engine/formats/onnx-export.ts'
import { type ImportedModel, importOnnx } from '../../src/engine/formats/onnx-import/index.ts'
import { type Graph, referencedId, referencedOutput } from '../../src/engine/graph.ts'
import { inferShapes, inputShape } from '../../src/engine/infer.ts'
import { externalFile } from '../../src/gpu/external-files.ts'
import { distance } from '../engine/run-graph.ts'
import type { FileSpec } from './networks.ts'

/** What `make.py` wrote of a file. */
export interface Facts {
  error?: string
  opset: Record<string, number>
  nodes: number
  params: number
  /** Elements of every float tensor in the file. */
  floats: number
  torchParams: number
  /** Single numbers among `params`: such are constants here, on a data operand. */
  scalars: number
  /** `ofConstants`: what of `macs` is the same whatever the input. */
  batches: Record<string, { macs: number; ofConstants: number; outputs: { shape: number[] }[] }>
  /** How far the file itself is from image by image at a batch of 3; null where its batch is 1. */
  together: number | null
  /** Initializers of several numbers that are read and not learned: name and elements. */
  tables: [string, number][]
  /** Operators that Python does not know whether they multiply. */
  notCounted: string[]
  outputElements: number[]
  versions: Record<string, string>
}

export interface Checked {
  /** `fails`: not read, or figures that differ and are not said to be partial. */
  state: 'exact' | 'partial' | 'fails'
  macs: number | null
  params: number | null
  outputs: string
  /** Largest difference of a batch of 3 from three runs of the file, relative to the largest output; or why it was not run. */
  law: string
  differences: string[]
  /** What is counted otherwise than in Python and said so. */
  remarks: string[]
}

const batches = [1, 2, 3]
/** Of outputs, relative to the largest: float32 through a hundred layers, in another order. */
const tolerance = 1e-3
/** The same where layers round to 8 bits: ONNX Runtime, optimized and not, is 0.024 from itself with ResNet-50. */
const quantizedTolerance = 0.05
const limits = { maxLayers: 1e6, maxElements: Number.MAX_SAFE_INTEGER, maxTensors: Number.MAX_SAFE_INTEGER }

const isQuantized = ({ treatment }: FileSpec): boolean => treatment === 'qdq' || treatment === 'qoperator'
const message = (cause: unknown): string =>
  cause instanceof EngineError ? `${cause.code}: ${cause.message}` : String((cause as Error).stack)

function read(folder: string, { name, external }: FileSpec, withData = true): ImportedModel {
  const data = external && withData ? externalFile(`${folder}/${name}.onnx.data`) : undefined
  return importOnnx(readFileSync(`${folder}/${name}.onnx`), { limits, files: () => data })
}

function outputShapes(graph: Graph, batch: number): (readonly number[])[] {
  const shapes = new Map(inferShapes(graph, { batch }).map(({ layer, outputs }) => [layer.id, outputs]))
  for (const input of graph.inputs) shapes.set(input.id, [inputShape(input, { batch })])
  return graph.outputs.map((output) => shapes.get(referencedId(output))![referencedOutput(output)]!)
}

/** What a file of one image costs for more is what each image costs alone. */
function expectedAt(facts: Facts, batch: number) {
  const at = facts.batches[batch]
  if (at) return { macs: at.macs, outputs: at.outputs.map(({ shape }) => shape) }
  const { macs, ofConstants, outputs } = facts.batches[1]!
  return {
    macs: batch * (macs - ofConstants) + ofConstants,
    outputs: outputs.map(({ shape: [first, ...rest] }) => (first === 1 ? [batch, ...rest] : [first!, ...rest])),
  }
}

/**
 * What of the parameters is told apart otherwise, in words: single numbers are constants here, and a table that the file does not show
 * to be fixed counts as learned, as the report's notes say. Null where the figures differ by something else.
 */
function explained({ report, graph }: ImportedModel, facts: Facts): string[] | null {
  const { params } = computeCosts(graph).totals
  if (params === facts.params) return []
  const apart = new Set(report.parameters.differences.map(({ tensor }) => tensor))
  const tables = facts.tables.filter(([name]) => !apart.has(name)).reduce((sum, [, elements]) => sum + elements, 0)
  const said = report.notes.some((note) => note.startsWith('Counted as learned, since the file does not show'))
  if (params !== facts.params - facts.scalars + tables || (tables > 0 && !said)) return null
  return [
    ...(facts.scalars > 0 ? [`${facts.scalars} learned scalars taken for constants`] : []),
    ...(tables > 0 ? [`${grouped(tables)} elements of tables counted as learned, and said`] : []),
  ]
}

function figures(model: ImportedModel, facts: Facts, partial: boolean, what: string): string[] {
  const { graph } = model
  const differences: string[] = []
  for (const batch of batches) {
    if (graph.fixedBatch !== undefined && graph.fixedBatch !== batch) {
      if (facts.batches[batch]) differences.push(`${what}batch ${batch} is refused, which ONNX Runtime takes`)
      continue
    }
    const { totals } = computeCosts(graph, { batch })
    const expected = expectedAt(facts, batch)
    if (partial ? totals.macs > expected.macs : totals.macs !== expected.macs)
      differences.push(`${what}batch ${batch}: ${grouped(totals.macs)} MACs here, ${grouped(expected.macs)} executed`)
    const shapes = outputShapes(graph, batch)
    if (!partial && JSON.stringify(shapes) !== JSON.stringify(expected.outputs))
      differences.push(`${what}batch ${batch}: outputs ${JSON.stringify(shapes)} here, ${JSON.stringify(expected.outputs)} executed`)
  }
  const { params } = computeCosts(graph).totals
  if (!explained(model, facts)) differences.push(`${what}${grouped(params)} parameters here, ${grouped(facts.params)} in the file`)
  if (params > facts.floats && facts.floats >= facts.params) differences.push(`${what}more parameters than the file has floats`)
  return differences
}

const floatsOf = (path: string): Float32Array => {
  const bytes = readFileSync(path)
  return new Float32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4)
}

/** Runs three images at once as we export the network, with the file's weights, against the file's three runs in Python. */
async function batchLaw(model: ImportedModel, facts: Facts, path: string, bound: number): Promise<{ law: string; wrong: string[] }> {
  const { graph } = model
  if (graph.fixedBatch !== undefined) return { law: `batch ${graph.fixedBatch} alone`, wrong: [] }
  const batch = 3
  let exported: ReturnType<typeof exportOnnx>
  try {
    exported = exportOnnx(graph, { batch, parameterOf: (id, parameter) => model.parameterOf(id, parameter) })
  } catch (cause) {
    if (cause instanceof EngineError && cause.code === 'EXPORT_UNSUPPORTED')
      return {
        law: facts.together === null ? 'runs from the file alone' : `the file itself: ${facts.together.toExponential(0)}`,
        wrong: [],
      }
    throw cause
  }
  const session = await ort.InferenceSession.create(exported.model, {
    externalData: exported.externalData,
    intraOpNumThreads: 2,
    logSeverityLevel: 3,
  })
  try {
    const [input] = exported.inputs
    const results = await session.run({ [input!.name]: new ort.Tensor('float32', floatsOf(`${path}.images.bin`), [...input!.shape]) })
    const expected = floatsOf(`${path}.outputs.bin`)
    const perImage = facts.outputElements.reduce((sum, elements) => sum + elements, 0)
    let far = 0
    let at = 0
    for (const [o, { name }] of exported.outputs.entries()) {
      const elements = facts.outputElements[o]!
      const got = Float32Array.from(results[name]!.data as Float32Array)
      if (got.length !== batch * elements)
        return { law: '', wrong: [`output ${o} has ${got.length} elements at a batch of 3, ${elements} at 1`] }
      for (let image = 0; image < batch; image++) {
        const alone = expected.subarray(image * perImage + at, image * perImage + at + elements)
        far = Math.max(far, distance(got.subarray(image * elements, (image + 1) * elements), alone))
      }
      at += elements
    }
    return {
      law: far.toExponential(0),
      wrong: far <= bound ? [] : [`three images at once are off by ${far}`],
    }
  } finally {
    await session.release()
  }
}

/** Without the file beside it a model is counted as well, or it asks for that file by its name. */
function withoutData(folder: string, file: FileSpec, facts: Facts, partial: boolean): string[] {
  try {
    return figures(read(folder, file, false), facts, partial, 'without its data: ')
  } catch (cause) {
    return message(cause).includes(`${file.name}.onnx.data`) ? [] : [`without its data: ${message(cause)}`]
  }
}

export async function check(folder: string, file: FileSpec, facts: Facts): Promise<Checked> {
  const nothing: Checked = { state: 'fails', macs: null, params: null, outputs: '', law: '', differences: [], remarks: [] }
  try {
    const model = read(folder, file)
    const { totals, uncounted } = computeCosts(model.graph)
    const differences = figures(model, facts, totals.partial, '')
    if (file.external) differences.push(...withoutData(folder, file, facts, totals.partial))
    const { law, wrong } = await batchLaw(model, facts, `${folder}/${file.name}`, isQuantized(file) ? quantizedTolerance : tolerance)
    const ok = differences.length === 0 && wrong.length === 0
    const operators = uncountedOperators(uncounted).map(({ operator, layers }) => `${operator} ×${layers}`)
    return {
      state: !ok ? 'fails' : totals.partial ? 'partial' : 'exact',
      macs: totals.macs,
      params: totals.params,
      outputs: totals.partial
        ? operators.join(', ')
        : outputShapes(model.graph, 1)
            .map((shape) => shape.join('×'))
            .join('; '),
      law,
      differences: [...differences, ...wrong],
      remarks: explained(model, facts) ?? [],
    }
  } catch (cause) {
    return { ...nothing, differences: [message(cause)] }
  }
}
