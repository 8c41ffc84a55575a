import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export const version = '1.23.2'
/** The collections of operator cases inside of the wheel. */
export const collections = ['pytorch-converted', 'pytorch-operator'] as const

/** A reason why the suite cannot run here. */
export class Skipped extends Error {}

/**
 * Fetches the Python package `onnx` as pip is set up, and unpacks it; nothing of it is run.
 * @returns the folder with the collections, and what removes it. @throws Skipped where pip is missing or reaches no index.
 */
export function fetchWheel(): { folder: string; remove: () => void } {
  const folder = mkdtempSync(join(tmpdir(), 'archmeter-onnx-'))
  const remove = () => rmSync(folder, { recursive: true, force: true })
  const python = (...args: string[]): void => {
    const { status, stderr, error } = spawnSync('python3', ['-m', ...args], { encoding: 'utf8' })
    if (status === 0) return
    remove()
    throw new Skipped(`python3 -m ${args[0]}: ${error?.message ?? stderr.trim().split('\n').at(-1)}`)
  }
  python('pip', 'download', '--quiet', '--no-deps', '--only-binary=:all:', '--dest', folder, `onnx==${version}`)
  const wheel = readdirSync(folder).find((name) => name.endsWith('.whl'))
  if (!wheel) {
    remove()
    throw new Skipped(`pip fetched no wheel of onnx ${version}`)
  }
  python('zipfile', '-e', join(folder, wheel), folder)
  return { folder: join(folder, 'onnx/backend/test/data'), remove }
}
