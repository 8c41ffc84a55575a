import type { Graph } from '../engine/graph.ts'
import { type InferOptions, inferShapes, inputShape } from '../engine/infer.ts'
import { numel } from '../engine/shape.ts'
import type { DeviceKind } from './devices/device.ts'
import { RunError } from './run-error.ts'

/**
 * Number of elements from which CUDA's libraries refuse a tensor: they index by 32-bit integers, and cuDNN refuses the
 * descriptor (CUDNN_STATUS_NOT_SUPPORTED from cudnnSetTensorNdDescriptor, seen on an H200).
 */
export const cudaTensorLimit = 2 ** 31

/**
 * Why the libraries of a kind of device cannot run a network, however much memory there is; null where they can.
 * @param options batch and resolution of the run. @throws EngineError as `inferShapes` does.
 */
export function tensorTooLarge(kind: DeviceKind, graph: Graph, options: InferOptions): string | null {
  if (kind !== 'cuda') return null
  const inputs = graph.inputs.map((input) => ({ what: `input ${input.id}`, shape: inputShape(input, options) }))
  const made = inferShapes(graph, options).flatMap(({ layer, outputs }) =>
    outputs.map((shape) => ({ what: `the output of layer ${layer.id}`, shape })),
  )
  const tooLarge = [...inputs, ...made].find(({ shape }) => numel(shape) >= cudaTensorLimit)
  return tooLarge
    ? `${tooLarge.what} has ${numel(tooLarge.shape)} elements (${tooLarge.shape.join('×')}), but CUDA’s libraries only take tensors of fewer than 2^31 = ${cudaTensorLimit}: use a smaller batch or resolution`
    : null
}

/** @throws RunError TENSOR_TOO_LARGE where `tensorTooLarge` says why; EngineError as it does. */
export function refuseLargeTensors(kind: DeviceKind, graph: Graph, options: InferOptions): void {
  const problem = tensorTooLarge(kind, graph, options)
  if (problem) throw new RunError('TENSOR_TOO_LARGE', problem)
}
