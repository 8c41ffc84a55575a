import { readFileSync } from 'node:fs'
import type { OnnxExport, OnnxTensorInfo } from '../../engine/formats/onnx-export.ts'
import { type ImportedModel, importOnnx } from '../../engine/formats/onnx-import/index.ts'
import type { TfjsOptions } from '../../engine/formats/tfjs-lowering.ts'
import { inputShape } from '../../engine/infer.ts'
import { seededParameter } from '../../engine/weights.ts'
import type { ModelFile, RunJob } from '../contract.ts'
import { externalFile, readWhole } from '../external-files.ts'
import { RunError } from '../run-error.ts'
import type { LoadRequest } from './contract.ts'

/** Registered architectures were within the limits that applied then. */
const limits = {
  maxLayers: Number.MAX_SAFE_INTEGER,
  maxElements: Number.MAX_SAFE_INTEGER,
  maxTensors: Number.MAX_SAFE_INTEGER,
}

/** @param bytes those of the file, where they are in memory anyway. */
function read({ path, data = [], sizes }: ModelFile, bytes?: Uint8Array): ImportedModel {
  const beside = new Map(data.map(({ location, path: file }) => [location, externalFile(file)]))
  return importOnnx(bytes ?? externalFile(path), { limits, files: (location) => beside.get(location), sizes })
}

/** The job with the graph of its file at the sizes that it asks for. @throws EngineError as `importOnnx` does. */
export function atOwnSizes<J extends RunJob>({ sized, ...job }: J): Omit<J, 'sized'> {
  return sized ? { ...job, graph: read(sized).graph } : job
}

/** The user's own file in place of what `exportOnnx` would write: its bytes, its names, its batch. */
export function fileAsExport(file: ModelFile, { graph, batch }: LoadRequest): OnnxExport {
  const bytes = readFileSync(file.path)
  const model = read(file, bytes)
  const { inputs, outputs, layerOfNode } = model.names
  return {
    model: bytes,
    // In memory, by the model's own names: the runtime opens no file that a model names.
    externalData: (file.data ?? []).map(({ location, path }) => ({ path: location, data: readWhole(path) })),
    inputs: [
      ...inputs.map((name, i) => ({
        name,
        id: graph.inputs[i]!.id,
        shape: inputShape(graph.inputs[i]!, { batch }),
        element: model.elements[i]!,
      })),
      // A session asks for every input, read or not.
      ...model.unread.map(({ name, shape, type }) => ({ name, shape: [batch, ...shape], element: { type, below: null } })),
    ],
    outputs: outputs.map((name) => ({ name, shape: [] })),
    layerOfNode,
    resident: null,
  }
}

/** What a network that is lowered here computes with: the file's own parameters and inputs of its types, or seeded ones. */
export interface Given {
  /** @throws RunError WEIGHTS_MISSING at a parameter that the file lacks. */
  parameterOf: TfjsOptions['parameterOf']
  /** Of the graph's inputs, in order; absent where they are floats. */
  elements: readonly OnnxTensorInfo['element'][]
}

/** What a request's network computes with. A file is read once more. @throws EngineError as `importOnnx` does. */
export function givenFor({ model: file, seed }: LoadRequest): Given {
  if (!file) return { parameterOf: (layerId, parameter) => seededParameter(seed, layerId, parameter), elements: [] }
  const model = read(file)
  const parameterOf: Given['parameterOf'] = (layerId, parameter) => {
    const values = model.parameterOf(layerId, parameter)
    if (values) return values
    throw new RunError(
      'WEIGHTS_MISSING',
      `the file has no numbers for ${parameter.name} of layer ${layerId}: register it again, or ask for weights: "seeded"`,
    )
  }
  return { parameterOf, elements: model.elements }
}
