/** From the second `npm start` to ready. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { inTurns, type Part, share } from './row.ts'
import type { Tree } from './tree.ts'

/** `npm start` in a build's folder, until /readyz says so, ms. The service is stopped. */
export async function startedIn({ root }: Pick<Tree, 'root'>, data: string, env: Record<string, string> = {}): Promise<number> {
  const began = performance.now()
  // A group of its own, so that npm's child hears the signal where npm passes none on.
  const child = spawn('npm', ['start'], {
    cwd: root,
    env: { ...process.env, PORT: '0', HOST: '127.0.0.1', DATA_DIR: data, ...env },
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let out = ''
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text: string) => (out += text))
  try {
    for (;;) {
      const url = /listens on (http:\/\/[^\s"]+)/.exec(out)?.[1]
      if (url && (await fetch(`${url}/readyz`).catch(() => null))?.ok) return performance.now() - began
      if (child.exitCode !== null) throw new Error(`npm start in ${root} ended with ${child.exitCode}: ${out.slice(-2000)}`)
      await sleep(10)
    }
  } finally {
    if (child.exitCode === null) {
      process.kill(-child.pid!, 'SIGTERM')
      await once(child, 'exit')
    }
  }
}

export const part: Part = {
  name: 'start',
  async run(trees) {
    const folder = mkdtempSync(join(tmpdir(), 'archmeter-compare-'))
    try {
      const data = new Map(trees.map((tree, i) => [tree, join(folder, String(i))]))
      // The first start makes the database and fills the caches.
      for (const tree of trees) await startedIn(tree, data.get(tree)!)
      const [before, now] = await inTurns(trees, 7, (tree) => startedIn(tree, data.get(tree)!))
      return [
        share({ what: 'second start to ready', unit: 'ms', note: 'npm start to /readyz, medians of 7 each, in turns' }, before, now, {
          atMost: 0.5,
        }),
      ]
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  },
}
