/**
 * `node options.ts FOLDER`, on a stand-in for the driver: what ONNX Runtime's CUDA provider says to the options of each
 * setting, one JSON line each. It reads them before it looks for a GPU, but for the device's number, which is left out.
 */
import path from 'node:path'
import { exportOnnx } from '../../src/engine/formats/onnx-export.ts'
import { cudaOptions } from '../../src/gpu/runtimes/onnxruntime/c-api/cuda-options.ts'
import { OnnxRuntime } from '../../src/gpu/runtimes/onnxruntime/c-api/library.ts'
import { InferenceSession } from '../../src/gpu/runtimes/onnxruntime/c-api/session.ts'
import { version } from '../../src/gpu/runtimes/onnxruntime/package.ts'
import { defaultRuntimeSettings, type RuntimeSettings } from '../../src/gpu/runtimes/settings.ts'
import { tinyGraph } from '../gpu/worker/helpers.ts'

const runtime = new OnnxRuntime(path.join(process.argv[2]!, 'onnxruntime-node/bin/napi-v6/linux/x64/libonnxruntime.so.1'), version)
const { model, externalData } = exportOnnx(tinyGraph)

function answer(settings: Partial<RuntimeSettings>, more: Record<string, string> = {}): string {
  const { device_id: _, ...cuda } = cudaOptions({ ...defaultRuntimeSettings, ...settings })
  try {
    new InferenceSession(runtime, model, {
      ...{ intraOpThreads: 1, graphOptimization: 'all', externalData },
      cuda: { ...cuda, ...more },
    })
    return 'a session'
  } catch (error) {
    return (error as Error).message
  }
}
const asked: Partial<RuntimeSettings>[] = [
  ...[{}, { tf32: false }, { cudaGraph: true }, { layout: 'nhwc' as const }, { fuseConvBias: true }, { gpuMemoryBytes: 2 ** 33 }],
  ...(['exhaustive', 'heuristic', 'default'] as const).map((convSearch) => ({ convSearch })),
]
for (const settings of asked) console.log(JSON.stringify({ settings, said: answer(settings) }))
const wrong: Record<string, string>[] = [{ enable_cuda_grph: '1' }, { cudnn_conv_algo_search: 'FAST' }, { gpu_mem_limit: 'much' }]
for (const more of wrong) console.log(JSON.stringify({ more, said: answer({}, more) }))
// CUDA's own clean-up crashes on the stand-in.
process.kill(process.pid, 'SIGKILL')
