import { execFile } from 'node:child_process'
import { readFileSync, realpathSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { promisify } from 'node:util'

const root = path.resolve(import.meta.dirname, '../..')

/** The version of the service, from package.json. */
export const { version } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')) as { version: string }

let read: Promise<string> | null = null

/**
 * The commit that runs: as the build of an image wrote it into `.commit`, or git's where this is a checkout; empty where neither
 * says. Read once, when first asked for.
 */
export const commitOf = (): Promise<string> => (read ??= readFile(path.join(root, '.commit'), 'utf8').then((text) => text.trim(), fromGit))

async function fromGit(): Promise<string> {
  try {
    const { stdout } = await promisify(execFile)('git', ['-C', root, 'rev-parse', '--show-toplevel', 'HEAD'], { timeout: 5000 })
    const [top, commit] = stdout.trim().split('\n')
    // Unpacked inside somebody else's repository it has no commit of its own.
    return realpathSync(top!) === realpathSync(root) ? commit! : ''
  } catch {
    return ''
  }
}
