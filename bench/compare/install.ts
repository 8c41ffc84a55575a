/** The first `npm start` in a clean clone: what it leaves on disk, and how long it takes. */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Part, share } from './row.ts'
import { startedIn } from './start.ts'
import type { Tree } from './tree.ts'

function bytesOf(folder: string): number {
  return Number(execFileSync('du', ['-sk', folder], { encoding: 'utf8' }).split('\t')[0]) * 1024
}

async function firstStart({ root }: Tree): Promise<{ ms: number; bytes: number }> {
  const folder = mkdtempSync(join(tmpdir(), 'archmeter-compare-'))
  try {
    const clone = join(folder, 'clone')
    const git = (cwd: string, ...args: string[]) => execFileSync('git', args, { cwd, encoding: 'utf8' }).trim()
    git(folder, 'clone', '--quiet', '--no-hardlinks', '--no-checkout', root, clone)
    git(clone, 'checkout', '--quiet', git(root, 'rev-parse', 'HEAD'))
    const ms = await startedIn({ root: clone }, join(folder, 'data'), { npm_config_cache: join(folder, 'npm-cache') })
    return { ms, bytes: bytesOf(clone) - bytesOf(join(clone, '.git')) }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

export const part: Part = {
  name: 'install',
  async run(trees) {
    // In the order b n n b, so that a network that slows down spoils neither.
    const taken = new Map<Tree, { ms: number; bytes: number }[]>(trees.map((tree) => [tree, []]))
    for (const tree of [trees[0], trees[1], trees[1], trees[0]]) taken.get(tree)!.push(await firstStart(tree))
    const [before, now] = trees.map((tree) => taken.get(tree)!) as [{ ms: number; bytes: number }[], { ms: number; bytes: number }[]]
    const seconds = (all: readonly { ms: number }[]) => Math.min(...all.map(({ ms }) => ms)) / 1000
    const note = 'clean clone, empty npm cache; the quicker of two each, in turns'
    return [
      share(
        { what: 'first npm start: on disk', unit: 'MB', note: 'du of the clone without .git' },
        before[0]!.bytes / 1e6,
        now[0]!.bytes / 1e6,
        { atMost: 0.5 },
      ),
      share({ what: 'first npm start: time to ready', unit: 's', note }, seconds(before), seconds(now), { atMost: 0.6 }),
    ]
  },
}
