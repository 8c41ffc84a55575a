import type { OnnxLayer, OnnxNode } from '../formats/onnx-node.ts'

/** Reads `BatchNormalization` as it stands in inference: statistics from the file, its first output alone. */
export function readBatchNorm(node: OnnxNode): OnnxLayer | null {
  if (node.inputs.slice(1, 5).some((input) => !input?.constant) || node.int('training_mode', 0) !== 0) return null
  return {
    attributes: { numFeatures: node.inputs[1]!.shape[0] ?? 0, eps: node.float('epsilon', 1e-5) },
    parameters: { weight: { input: 1 }, bias: { input: 2 }, running_mean: { input: 3 }, running_var: { input: 4 } },
  }
}
