import { existsSync, mkdirSync, readdirSync, statSync } from 'node:fs'
import path from 'node:path'
import { readInstalled } from '../../src/gpu/cuda-folder.ts'
import { run, SetupError } from '../wheels.ts'

export const partMiB = 60
const stem = 'archmeter-cuda.tar.xz.'

/**
 * Packs what was set up into parts that fit through narrow doors.
 * @param withLibraries CUDA's own libraries too; a host that has them (any PyTorch built for CUDA 13 brings them) needs
 *   LD_LIBRARY_PATH to point at them instead.
 */
export async function pack(folder: string, into: string, withLibraries: boolean, say: (line: string) => void): Promise<void> {
  if (!readInstalled(folder)) throw new SetupError(`there is nothing whole in ${folder}: npm run setup:cuda -- --prepare`)
  mkdirSync(into, { recursive: true })
  if (readdirSync(into).some((name) => name.startsWith(stem))) throw new SetupError(`${into} holds parts already: give another folder`)
  const contents = ['installed.json', 'onnxruntime-node', ...(withLibraries && existsSync(path.join(folder, 'lib')) ? ['lib'] : [])]
  // A pipeline's status is that of its last command; xz and split write nothing whole where an earlier one failed, and -t sees that.
  const script = `tar -C "$1" -c ${contents.join(' ')} | xz -T0 -1 | split -b ${partMiB}m - "$2" && cat "$2"* | xz -t`
  await run('sh', ['-c', script, 'sh', folder, path.join(into, stem)])
  const parts = readdirSync(into).filter((name) => name.startsWith(stem))
  const bytes = parts.reduce((sum, name) => sum + statSync(path.join(into, name)).size, 0)
  say(`${parts.length} parts of at most ${partMiB} MiB, ${Math.ceil(bytes / 2 ** 20)} MiB in all, are in ${into}`)
  say(`there, in the project's folder: mkdir -p .cuda && cat ${stem}* | tar -xJ -C .cuda`)
}
