import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'

/** Puts a stand-in for nvidia-smi, a shell script, first on the PATH while `use` lasts. */
export async function withNvidiaSmi<T>(script: string, use: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'archmeter-test-'))
  const before = process.env.PATH
  try {
    await writeFile(path.join(folder, 'nvidia-smi'), `#!/bin/sh\n${script}\n`)
    await chmod(path.join(folder, 'nvidia-smi'), 0o755)
    process.env.PATH = `${folder}:${before}`
    return await use(folder)
  } finally {
    process.env.PATH = before
    await rm(folder, { recursive: true })
  }
}
