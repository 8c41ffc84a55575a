/** From an ONNX file's bytes to totals, beside the protobuf parser alone. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { median, show } from '../figure.ts'
import { chain } from '../import.ts'
import type { Part, Row } from './row.ts'
import { runChild, type Tree } from './tree.ts'

interface Taken {
  ms: number
  parserMs: number
}

const fixture = (name: string) => join(import.meta.dirname, '../../test/fixtures/onnx', name)

const take = (tree: Tree, file: string, rounds: number): Promise<Taken> =>
  runChild<Taken>(tree, 'import.ts', [file, String(rounds)], ['--max-old-space-size=6000'])

const middle = (taken: readonly Taken[]): Taken & { factor: number } => ({
  ms: median(taken.map(({ ms }) => ms)),
  parserMs: median(taken.map(({ parserMs }) => parserMs)),
  factor: median(taken.map(({ ms, parserMs }) => ms / parserMs)),
})

export const part: Part = {
  name: 'import',
  async run([old, current]) {
    const folder = mkdtempSync(join(tmpdir(), 'archmeter-compare-'))
    const chainOf = (layers: number) => {
      const file = join(folder, `${layers}.onnx`)
      writeFileSync(file, chain(layers))
      return file
    }
    try {
      const rows: Row[] = []
      for (const [what, file, rounds, atMost] of [
        ['ResNet-50', fixture('resnet50.ts17.onnx'), 60, 2.5],
        ['NASNet-A large', fixture('nasnetalarge.ts17sim.onnx'), 15, 2.5],
        ['10,000 layers', chainOf(10_000), 10, 3.5],
      ] as const) {
        const taken: [Taken[], Taken[]] = [[], []]
        for (let i = 0; i < 3; i++) {
          taken[0].push(await take(old, file, rounds))
          taken[1].push(await take(current, file, rounds))
        }
        const [before, now] = [middle(taken[0]), middle(taken[1])]
        rows.push({
          what: `ONNX to totals, ${what}`,
          unit: '× the parser',
          before: before.factor,
          now: now.factor,
          held: now.factor / before.factor,
          aim: `≤ ${atMost} × the parser`,
          met: now.factor <= atMost,
          note: `${show(before.ms)} and ${show(now.ms)} ms, the parser ${show(before.parserMs)} and ${show(now.parserMs)}; 3 processes each`,
        })
      }
      const sizes = [1e3, 1e4, 1e5, 1e6]
      const grown: Taken[] = []
      for (const layers of sizes) grown.push(await take(current, chainOf(layers), layers > 1e5 ? 1 : layers > 1e4 ? 2 : 5))
      const ours = grown.at(-1)!.ms / grown[0]!.ms
      const parsers = grown.at(-1)!.parserMs / grown[0]!.parserMs
      const steps = grown.map(({ ms, parserMs }, i) => `${sizes[i]!.toLocaleString('en-US')}: ${show(ms)} (${show(parserMs)}) ms`)
      rows.push({
        what: 'growth of the import from 10³ to 10⁶ layers',
        unit: '×',
        before: null,
        now: ours,
        held: ours / parsers,
        aim: "≤ the parser's own",
        met: ours <= parsers,
        note: `the parser ${show(parsers)} ×; ${steps.join(', ')}`,
      })
      return rows
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  },
}
