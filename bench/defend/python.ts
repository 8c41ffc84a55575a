/** Loops in Python: a bare one over onnxruntime, and PyTorch's. */
import { execFileSync, spawn } from 'node:child_process'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { BlockLength, Network, Target } from '../blocks.ts'

/** The version that both bindings are of, so that the same kernels run. */
const onnxruntimeVersion = '1.30.0'

/** Python with onnxruntime in an environment of the project's own, made where it is missing; null where it cannot be had. */
export function pythonEnvironment({ provider }: Target): string | null {
  const name = provider === 'cuda' ? 'onnxruntime-gpu' : 'onnxruntime'
  const folder = join(import.meta.dirname, '..', '..', '.cache', provider === 'cuda' ? 'bench-venv-cuda' : 'bench-venv')
  const python = join(folder, 'bin', 'python')
  try {
    if (!existsSync(join(folder, 'ready'))) {
      console.log(`setting up Python with ${name} ${onnxruntimeVersion} in .cache (once) …`)
      mkdirSync(folder, { recursive: true })
      execFileSync('python3', ['-m', 'venv', folder], { stdio: ['ignore', 'ignore', 'pipe'] })
      execFileSync(python, ['-m', 'pip', 'install', '--quiet', `${name}==${onnxruntimeVersion}`, 'numpy'], {
        stdio: ['ignore', 'ignore', 'pipe'],
      })
      writeFileSync(join(folder, 'ready'), '')
    }
    return python
  } catch (cause) {
    console.log(`no Python beside it: ${(cause as Error).message.split('\n')[0]}`)
    return null
  }
}

/** Median of a bare loop over onnxruntime in Python, ms. */
export async function pythonBlock(python: string, { job }: Network, length: BlockLength, target: Target): Promise<number> {
  return (await said(python, 'bare.py', { ...job, ...length, provider: target.provider }, target)) as number
}

/** Medians of PyTorch on torchvision's network of that name, ms: eager, and through torch.compile. */
export async function torchBlock(python: string, { preset, job }: Network, length: BlockLength, target: Target) {
  const asked = { preset, shape: job.inputs[0]!.shape, ...length, device: target.provider }
  return (await said(python, 'torch_peer.py', asked, target)) as { eager: number; compiled: number }
}

/** What a program of this folder prints, as JSON. */
function said(python: string, program: string, job: object, { env }: Target): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const child = spawn(python, [join(import.meta.dirname, program), JSON.stringify(job)], { stdio: ['ignore', 'pipe', 'inherit'], env })
    let output = ''
    child.stdout.on('data', (chunk) => (output += chunk))
    child.once('error', reject)
    child.once('close', (code) => {
      if (code === 0) resolve(JSON.parse(output))
      else reject(new Error(`${program} ended with code ${code} and no figure`))
    })
  })
}
