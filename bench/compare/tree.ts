/** The two builds that are compared: this one, and a commit's in a git worktree with packages of its own. */
import { execFileSync, spawn } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Started, startService } from '../service.ts'

/** A folder that holds a build, its packages installed. */
export interface Tree {
  /** What the table calls it. */
  name: string
  root: string
  /** The Node.js that its own `npm start` would take. */
  node: string
}

const here = join(import.meta.dirname, '../..')
const git = (...args: string[]): string => execFileSync('git', args, { cwd: here, encoding: 'utf8' }).trim()

const treeAt = (name: string, root: string): Tree => {
  const own = join(root, 'node_modules/.bin/node')
  return { name, root, node: existsSync(own) ? own : process.execPath }
}

/** This build. */
export const now = (): Tree => treeAt('now', here)

/**
 * A commit's build in `.bench/<commit>` of this folder: made and installed the first time, as it is from then on.
 * @throws Error that says what to do where the commit is not in this clone.
 */
export function before(commit: string): Tree {
  let sha: string
  try {
    sha = git('rev-parse', '--verify', `${commit}^{commit}`)
  } catch {
    throw new Error(`${commit} is no commit of this clone: in a shallow one, git fetch --unshallow brings the rest`)
  }
  const root = join(here, '.bench', sha.slice(0, 12))
  if (!existsSync(join(root, 'package.json'))) {
    mkdirSync(join(here, '.bench'), { recursive: true })
    git('worktree', 'prune')
    git('worktree', 'add', '--detach', '--force', root, sha)
  }
  const lockfile = readFileSync(join(root, 'package-lock.json'), 'utf8')
  const stamp = join(root, 'node_modules/.installed-lockfile')
  if (!existsSync(stamp) || readFileSync(stamp, 'utf8') !== lockfile) {
    console.log(`installing the packages of ${commit} (once) …`)
    execFileSync('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] })
    cpSync(join(root, 'package-lock.json'), stamp)
  }
  return treeAt(commit, root)
}

/** Both, the older first. */
export type Trees = readonly [before: Tree, now: Tree]

/** A build's service on an empty data folder, as its `npm start` runs it. */
export const serve = (tree: Tree, env: Record<string, string> = {}): Promise<Started> =>
  startService({ NODE_COMPILE_CACHE: join(tree.root, 'node_modules/.cache/archmeter-compile'), ...env }, tree)

/**
 * Runs a program of child/ on a build's modules, by that build's Node.js: the build's folder is its first argument.
 * @returns what it printed last, as JSON. @throws Error with its stderr where it fails.
 */
export function runChild<T>({ root, node }: Tree, file: string, args: readonly string[] = [], flags: readonly string[] = []): Promise<T> {
  const child = spawn(node, [...flags, join(import.meta.dirname, 'child', file), root, ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
  let out = ''
  let errors = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    errors = (errors + text).slice(-4000)
  })
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code, signal) =>
      code === 0
        ? resolve(JSON.parse(out.trim().split('\n').at(-1)!) as T)
        : reject(new Error(`${file} on ${root} ended with ${signal ?? code}: ${errors}`)),
    )
  })
}
