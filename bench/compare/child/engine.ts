/** `node engine.ts ROOT PRESET totals|layers`: a build's time from a graph to its totals, or to a row for each layer, ms, warm: the median of 400 calls. */
import { join } from 'node:path'
import { median } from '../../figure.ts'

const [root, preset, asked] = process.argv.slice(2) as [string, string, 'totals' | 'layers']
const from = (file: string) => import(join(root, 'src/engine', file))
const [{ computeCosts }, { verifyGraph }, { expandZoo }] = await Promise.all([from('cost.ts'), from('verify.ts'), from('zoo/index.ts')])
const graph = verifyGraph(expandZoo({ preset }).spec)
const times: number[] = []
for (let i = 0; i < 700; i++) {
  const start = performance.now()
  void computeCosts(graph)[asked]
  if (i >= 300) times.push(performance.now() - start)
}
console.log(JSON.stringify(median(times)))
