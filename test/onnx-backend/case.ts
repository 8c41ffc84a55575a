import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fromBinary, toBinary } from '@bufbuild/protobuf'
import { ModelProtoSchema } from 'onnx-buf'
import * as ort from 'onnxruntime-node'
import { computeCosts } from '../../src/engine/cost.ts'
import { EngineError } from '../../src/engine/errors.ts'
import { exportOnnx } from '../../src/engine/formats/onnx-export.ts'
import { decodeTensor } from '../../src/engine/formats/onnx-import/decode.ts'
import { type ImportedModel, importOnnx } from '../../src/engine/formats/onnx-import/index.ts'
import { constantOf } from '../../src/engine/formats/onnx-import/tensor.ts'
import { reference } from '../../src/engine/graph.ts'
import { inferShapes } from '../../src/engine/infer.ts'
import { parametersOf } from '../../src/engine/shared-weights.ts'
import { type Arrays, distance, runTfjs, tolerance } from '../engine/run-graph.ts'

/** What became of a case: nothing to say, why it is not claimed, or what is wrong. */
export type Outcome = { kind: 'passed' } | { kind: 'not claimed'; why: string } | { kind: 'failed'; why: string }

interface Tensor {
  shape: readonly number[]
  values: Float32Array
}

function tensor(file: string): Tensor {
  const { shape, read } = constantOf(decodeTensor(readFileSync(file)))
  return { shape, values: Float32Array.from(read() ?? []) }
}

const tensors = (folder: string, stem: string): Tensor[] => {
  const list: Tensor[] = []
  for (let i = 0; existsSync(join(folder, `${stem}_${i}.pb`)); i++) list.push(tensor(join(folder, `${stem}_${i}.pb`)))
  return list
}

/** The imported graph as a file of ours with the case's own weights, at the case's batch. */
function exported({ graph, parameterOf }: ImportedModel, batch: number) {
  const { model, inputs, outputs } = exportOnnx(graph, { batch, storage: 'inline' })
  const proto = fromBinary(ModelProtoSchema, model)
  const initializers = new Map(proto.graph!.initializer.map((each) => [each.name, each]))
  for (const { layer, inputs: shapes } of inferShapes(graph, { batch })) {
    if (layer.weightsOf !== undefined) continue
    for (const parameter of parametersOf(layer, shapes)) {
      const values = parameterOf(layer.id, parameter)
      const initializer = initializers.get(`${layer.id}.${parameter.name}`)
      if (!values || !initializer) throw new Error(`the weights ${layer.id}.${parameter.name} are not to be found`)
      initializer.rawData = new Uint8Array(Float32Array.from(values).buffer)
    }
  }
  return { bytes: toBinary(ModelProtoSchema, proto), inputs, outputs }
}

async function runOnnxruntime(model: ImportedModel, feeds: Arrays, batch: number): Promise<Float32Array[]> {
  const { bytes, inputs, outputs } = exported(model, batch)
  const session = await ort.InferenceSession.create(bytes, { intraOpNumThreads: 1, logSeverityLevel: 3 })
  try {
    const given = Object.fromEntries(inputs.map(({ name, shape }) => [name, new ort.Tensor('float32', feeds[name]!, [...shape])]))
    const results = await session.run(given)
    return outputs.map(({ name }) => Float32Array.from(results[name]!.data as Float32Array))
  } finally {
    await session.release()
  }
}

/** Where both are no number, as roots of negative ones are in the suite, they agree. */
const withoutUndefined = (a: Float32Array, b: Float32Array): [Float32Array, Float32Array] => {
  const both = (i: number) => Number.isNaN(a[i]) && Number.isNaN(b[i])
  return [a.filter((_, i) => !both(i)), b.filter((_, i) => !both(i))]
}

/** Imports a case, holds its shapes against the suite's, and runs it through both runtimes on the suite's numbers. */
export async function tryCase(folder: string): Promise<Outcome> {
  let model: ImportedModel
  try {
    model = importOnnx(readFileSync(join(folder, 'model.onnx')))
  } catch (cause) {
    if (!(cause instanceof EngineError)) throw cause
    return { kind: 'not claimed', why: cause.message }
  }
  const { graph, report } = model
  const unknown = graph.layers.filter(({ type }) => type === 'Opaque').map(({ attributes }) => attributes.opType)
  const batch = report.batch === 'symbolic' ? 1 : report.batch
  const data = join(folder, 'test_data_set_0')
  const [given, wanted] = [tensors(data, 'input'), tensors(data, 'output')]
  const shapes = new Map(
    inferShapes(graph, { batch }).flatMap(({ layer, outputs }) => outputs.map((shape, i) => [reference(layer.id, i), shape] as const)),
  )
  if (given.length !== graph.inputs.length || wanted.length !== graph.outputs.length)
    return {
      kind: 'failed',
      why: `${graph.inputs.length} inputs and ${graph.outputs.length} outputs, but the suite has ${given.length} and ${wanted.length}`,
    }
  for (const [i, name] of graph.outputs.entries())
    if (shapes.get(name)!.join() !== wanted[i]!.shape.join())
      return { kind: 'failed', why: `output ${name} is ${shapes.get(name)!.join('×')}, but the suite's is ${wanted[i]!.shape.join('×')}` }
  computeCosts(graph, { batch })
  if (unknown.length > 0)
    return { kind: 'not claimed', why: `shapes are right, but ${unknown.join(', ')} in this form is neither counted nor run` }
  if ([...given, ...wanted].some(({ values }) => values.some((value) => Math.abs(value) === Number.POSITIVE_INFINITY)))
    return {
      kind: 'not claimed',
      why: 'shapes are right, but its numbers are doubles past the range of float32, which networks are run in here',
    }
  const feeds: Arrays = Object.fromEntries(graph.inputs.map(({ id }, i) => [id, given[i]!.values]))
  const runs = {
    onnxruntime: () => runOnnxruntime(model, feeds, batch),
    'TF.js': () => runTfjs(graph, feeds, { batch, parameterOf: (id, parameter) => model.parameterOf(id, parameter)! }),
  }
  for (const [name, run] of Object.entries(runs)) {
    const outputs = await run()
    for (const [i, output] of outputs.entries()) {
      const far = distance(...withoutUndefined(output, wanted[i]!.values))
      if (!(far <= tolerance))
        return { kind: 'failed', why: `${name} is off the suite's output by ${far.toExponential(1)} of its largest element` }
    }
  }
  return { kind: 'passed' }
}
