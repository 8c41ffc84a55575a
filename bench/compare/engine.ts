/** From a graph to its totals. */
import { inTurns, type Part, type Row, share } from './row.ts'
import { runChild } from './tree.ts'

export const part: Part = {
  name: 'engine',
  async run(trees) {
    const rows: Row[] = []
    for (const [asked, what, atMost] of [
      ['totals', 'costs of DenseNet-121, graph to totals', 0.4],
      ['layers', 'the same with a row for each layer', 1],
    ] as const) {
      const [before, now] = await inTurns(trees, 7, (tree) => runChild<number>(tree, 'engine.ts', ['densenet121', asked]))
      rows.push(share({ what, unit: 'ms', note: 'medians of 7 processes each, 400 warm calls in each' }, before, now, { atMost }))
    }
    return rows
  },
}
