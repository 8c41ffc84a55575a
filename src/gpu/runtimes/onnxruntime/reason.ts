import { setupCommand } from '../../cuda-folder.ts'
import type { DeviceKind } from '../../devices/device.ts'
import { cudaProblem, version } from './package.ts'

const mostCharacters = 1000

/** ONNX Runtime's words, and what they mean where they do not say. */
export function reasonOf(message: string, kind: DeviceKind): { reason: string; command: string | null } {
  const said = message.replace(/\s+/g, ' ').trim()
  // Behind hundreds of characters of its own source come the number and the words of CUDA, or of a library on it.
  const [failure, library] = /\b(CUDA|CUDNN|CUDNN_FE|CUBLAS|CUFFT|CURAND|CUSPARSE) failure -?\d+: [^;]*/.exec(said) ?? []
  if (failure) {
    const who = library === 'CUDA' ? 'CUDA refuses' : 'a library of CUDA refuses'
    return { reason: `ONNX Runtime's CUDA provider loads, and ${who}: ${failure.trim()}`, command: null }
  }
  // The words come last, behind where in the source they were thrown.
  const words = said.length > mostCharacters ? `…${said.slice(-mostCharacters)}` : said
  if (kind !== 'cuda' || !/AppendExecutionProvider_Cuda|providers_(cuda|shared)/.test(said)) return { reason: words, command: null }
  const why = cudaProblem() ?? 'its library, or one that it needs (CUDA 13, cuDNN 9, the driver), is missing'
  return { reason: `the CUDA provider of onnxruntime-node ${version} does not load: ${why} (${said.slice(0, 300)})`, command: setupCommand }
}
