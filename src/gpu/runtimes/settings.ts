import { type Static, Type } from 'typebox'

/**
 * Options that a run may set for its runtime, with their defaults, which are stated here only. They are part of a run's
 * `settings`, so of its workload and of the request behind an idempotency key. A runtime lists in its capabilities which of
 * them it supports; others must have their defaults. The values used are recorded in `environment.runtimeOptions`.
 */
export const runtimeSettingProperties = {
  graphOptimization: Type.Enum(['disabled', 'basic', 'extended', 'all'], {
    default: 'all',
    description:
      'How far the runtime rewrites the graph before running it, by ONNX Runtime’s names: basic folds constants, extended fuses nodes, all changes layouts as well.',
  }),
  tf32: Type.Boolean({
    default: true,
    description:
      'On CUDA, whether float32 convolutions and matrix products may round their factors to TF32 (10 bits of mantissa), as the libraries do by themselves. false sets NVIDIA_TF32_OVERRIDE=0 for the process.',
  }),
  mode: Type.Enum(['endToEnd', 'resident'], {
    default: 'endToEnd',
    description:
      'endToEnd: a call takes the input from the host and brings the output back. resident: both stay on the device. ONNX Runtime binds them there; its back end node cannot, so that there the input is scaled by a scalar from the host and one scalar an output comes back, and the result names the operations this adds.',
  }),
  cudaGraph: Type.Boolean({
    default: false,
    description:
      'On CUDA, whether the kernels of a call are captured once and launched as one graph (enable_cuda_graph): small batches are then no longer bound by launches from the CPU. The profile of layers is taken without.',
  }),
  layout: Type.Enum(['nchw', 'nhwc'], {
    default: 'nchw',
    description:
      'On CUDA, the order in which convolutions, poolings and normalizations keep their data (prefer_nhwc). What the network takes and gives stays N×C×H×W; the runtime transposes where it must.',
  }),
  convSearch: Type.Enum(['exhaustive', 'heuristic', 'default'], {
    default: 'exhaustive',
    description:
      'On CUDA, how cuDNN chooses the algorithm of a convolution (cudnn_conv_algo_search): exhaustive tries all at the first call, heuristic asks for a guess, default takes one and the same.',
  }),
  fuseConvBias: Type.Boolean({
    default: false,
    description:
      'On CUDA, whether a convolution and its bias are one operation of cuDNN (fuse_conv_bias). With layout nhwc in float16 it saves up to a third of a call on an H200; finding its kernels makes the first call seconds longer.',
  }),
  gpuMemoryBytes: Type.Integer({
    minimum: 0,
    maximum: Number.MAX_SAFE_INTEGER,
    default: 0,
    description:
      'On CUDA, the most memory of the GPU that weights, activations and the work space of kernels may take together (gpu_mem_limit); 0 means what is free. A run that needs more fails with OUT_OF_MEMORY, as it would on a smaller GPU. What CUDA and its libraries take for themselves comes on top.',
  }),
}
const RuntimeSettings = Type.Object(runtimeSettingProperties)
export type RuntimeSettings = Static<typeof RuntimeSettings>
export type RuntimeSetting = keyof RuntimeSettings
export const runtimeSettingNames = Object.keys(runtimeSettingProperties) as RuntimeSetting[]

export const defaultRuntimeSettings = Object.freeze(
  Object.fromEntries(runtimeSettingNames.map((name) => [name, (runtimeSettingProperties[name] as { default?: unknown }).default])),
) as Readonly<RuntimeSettings>

/** Settings that differ from their default although the runtime does not support them, each with what to do. */
export function unfollowed(
  settings: Readonly<RuntimeSettings>,
  follows: readonly RuntimeSetting[] = [],
): { setting: RuntimeSetting; message: string }[] {
  return runtimeSettingNames
    .filter((name) => settings[name] !== undefined && settings[name] !== defaultRuntimeSettings[name] && !follows.includes(name))
    .map((setting) => ({
      setting,
      message: `${setting} ${JSON.stringify(settings[setting])} is not supported here: leave ${setting} out${follows.length > 0 ? `; supported are ${follows.join(', ')}` : ''}`,
    }))
}
