/** The bare loop over onnxruntime in Python. */
import { execFileSync, spawn } from 'node:child_process'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { BlockLength, Network } from '../blocks.ts'

/** The version that both bindings are of, so that the same kernels run. */
const onnxruntimeVersion = '1.30.0'

/** Python with onnxruntime in an environment of the project's own, made where it is missing; null where it cannot be had. */
export function pythonEnvironment(): string | null {
  const folder = join(import.meta.dirname, '..', '..', '.cache', 'bench-venv')
  const python = join(folder, 'bin', 'python')
  try {
    if (!existsSync(join(folder, 'ready'))) {
      console.log(`setting up Python with onnxruntime ${onnxruntimeVersion} in .cache/bench-venv (once) …`)
      mkdirSync(folder, { recursive: true })
      execFileSync('python3', ['-m', 'venv', folder], { stdio: ['ignore', 'ignore', 'pipe'] })
      execFileSync(python, ['-m', 'pip', 'install', '--quiet', `onnxruntime==${onnxruntimeVersion}`, 'numpy'], {
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
export function pythonBlock(python: string, { job }: Network, length: BlockLength): Promise<number> {
  return new Promise((resolve, reject) => {
    const program = join(import.meta.dirname, 'bare.py')
    const child = spawn(python, [program, JSON.stringify({ ...job, ...length })], {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: { ...process.env, ORT_DISABLE_TELEMETRY: '1' },
    })
    let said = ''
    child.stdout.on('data', (chunk) => (said += chunk))
    child.once('exit', () => {
      const ms = Number(said)
      if (ms > 0) resolve(ms)
      else reject(new Error(`the bare loop in Python gave no figure: ${said}`))
    })
  })
}
