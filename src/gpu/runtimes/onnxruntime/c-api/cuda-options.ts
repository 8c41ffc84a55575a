import type { RuntimeSettings } from '../../settings.ts'

/** What a run asks of CUDA. */
export type CudaSettings = Pick<RuntimeSettings, 'tf32' | 'cudaGraph' | 'layout' | 'convSearch' | 'fuseConvBias' | 'gpuMemoryBytes'>

const flag = (on: boolean): string => (on ? '1' : '0')

/**
 * The options of ONNX Runtime's CUDA provider for what a run asks, by the provider's names. The arena grows by what is
 * asked of it, not to the next power of two, so that what a run holds is what it needs.
 */
export const cudaOptions = ({
  tf32,
  cudaGraph,
  layout,
  convSearch,
  fuseConvBias,
  gpuMemoryBytes,
}: CudaSettings): Record<string, string> => ({
  device_id: '0',
  use_tf32: flag(tf32),
  enable_cuda_graph: flag(cudaGraph),
  prefer_nhwc: flag(layout === 'nhwc'),
  cudnn_conv_algo_search: convSearch.toUpperCase(),
  fuse_conv_bias: flag(fuseConvBias),
  arena_extend_strategy: 'kSameAsRequested',
  ...(gpuMemoryBytes > 0 ? { gpu_mem_limit: String(gpuMemoryBytes) } : {}),
})
