/**
 * What costs cost: from a verified graph to its totals, warm, beside a JSON round trip of the same graph, the least that
 * any service does with a document of that size.
 */
import { type Costs, computeCosts } from '../src/engine/cost.ts'
import { verifyGraph } from '../src/engine/verify.ts'
import { expandZoo } from '../src/engine/zoo/index.ts'
import { type Benchmark, type Figure, median, runIfMain, show } from './figure.ts'

const blocks = 40
const perBlock = 25
const aimMs = 1

/** Medians of two functions in alternating blocks, ms a call. */
function alternate(a: () => unknown, b: () => unknown): [number, number] {
  const times: [number[], number[]] = [[], []]
  for (let block = 0; block < blocks * 2; block++) {
    const which = block % 2 === 0 ? a : b
    for (let i = 0; i < perBlock; i++) {
      const start = performance.now()
      which()
      times[block % 2 === 0 ? 0 : 1].push(performance.now() - start)
    }
  }
  return [median(times[0]), median(times[1])]
}

function measure(preset: string): Figure {
  const graph = verifyGraph(expandZoo({ preset }).spec)
  const json = JSON.stringify(graph)
  let costs: Costs | undefined
  const price = () => {
    costs = computeCosts(graph)
  }
  const roundTrip = () => JSON.stringify(JSON.parse(json))
  alternate(price, roundTrip)
  const [ms, yardstickMs] = alternate(price, roundTrip)
  return {
    name: `costs of ${preset}, from graph to totals`,
    value: ms,
    unit: 'ms',
    yardstick: { name: 'JSON.parse and JSON.stringify of the same graph', value: yardstickMs, unit: 'ms' },
    aim: `under ${aimMs} ms warm`,
    met: ms < aimMs,
    note: `${graph.layers.length} layers, ${show(costs!.totals.macs / 1e9)} G macs; medians of ${blocks * perBlock} calls in ${blocks} blocks`,
  }
}

export const benchmark: Benchmark = { name: 'engine', run: async () => ['resnet50', 'densenet121'].map(measure) }
await runIfMain(benchmark, import.meta.main)
