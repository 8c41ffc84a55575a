/** From a graph to its totals. */
import { inTurns, type Part, share } from './row.ts'
import { runChild } from './tree.ts'

export const part: Part = {
  name: 'engine',
  async run(trees) {
    const [before, now] = await inTurns(trees, 7, (tree) => runChild<number>(tree, 'engine.ts', ['densenet121']))
    const row = { what: 'costs of DenseNet-121, graph to totals', unit: 'ms', note: 'medians of 7 processes each, 400 warm calls in each' }
    return [share(row, before, now, { atMost: 0.4 })]
  },
}
