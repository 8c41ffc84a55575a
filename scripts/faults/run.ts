/**
 * `npm run test:faults [-- --runs 200] [-- --seed 7] [-- fault …]`: provokes each fault on real services, and prints a line a fault:
 * how often it was provoked, and of the runs that were acknowledged meanwhile how many were lost, executed by two at once or stuck.
 * Exits with 1 where something did not hold. What needs root or a tool that is not here says `skipped: why`.
 */
import { Command, InvalidArgumentError } from 'commander'
import { seededRandom } from '../../src/gpu/timing/median-interval.ts'
import { nothing } from './audit.ts'
import { clockJumps } from './clock.ts'
import type { Fault, FaultResult } from './contract.ts'
import { corruptFolder } from './corrupt.ts'
import { diskFull } from './disk.ts'
import { killsEmbedded, killsPostgres } from './kills.ts'
import { outOfMemory } from './memory.ts'
import { againInNamespace, inNamespace, noNamespace } from './namespace.ts'
import { postgresBlackHole, postgresRestarted, postgresUnreachable } from './outages.ts'
import { stops } from './stop.ts'

const faults: readonly Fault[] = [
  ...[killsEmbedded, killsPostgres, postgresRestarted, postgresUnreachable, postgresBlackHole],
  ...[diskFull, clockJumps, corruptFolder, outOfMemory, stops],
]

const whole = (text: string): number => {
  const value = Number(text)
  if (!Number.isSafeInteger(value) || value < 1) throw new InvalidArgumentError('It must be a positive integer.')
  return value
}
const named = (name: string, before: readonly Fault[]): Fault[] => {
  const fault = faults.find((each) => each.name === name)
  if (!fault) throw new InvalidArgumentError(`There is ${faults.map((each) => `"${each.name}"`).join(', ')}.`)
  return [...before, fault]
}
const command = new Command('npm run test:faults --')
  .argument('[faults...]', 'those to provoke; all where none is named', named, [])
  .option('--runs <n>', 'runs that are queued while processes are killed, half of them on each store', whole, 1000)
  .option('--outage <seconds>', 'how long a server is out of reach', whole, 30)
  .option('--seed <n>', 'of what is done when', whole, (Date.now() % 2 ** 31) + 1)
  .parse()
const { runs, outage, seed } = command.opts<{ runs: number; outage: number; seed: number }>()
const asked = command.processedArgs[0] as Fault[]
const wanted = asked.length > 0 ? asked : faults

if (process.platform !== 'linux') {
  console.log('skipped: it stops and finds processes as Linux does')
  process.exit(77)
}
const refusal = noNamespace()
process.exitCode = inNamespace() || refusal !== null ? await provokeAll() : await againInNamespace()

async function provokeAll(): Promise<number> {
  console.log(`${runs} runs, seed ${seed}${refusal === null ? '' : `; no network namespace: ${refusal}`}`)
  const rows: string[][] = []
  let failed = 0
  for (const fault of wanted) {
    const why = fault.skip?.() ?? null
    if (why !== null) {
      console.log(`\n${fault.name}: skipped: ${why}`)
      rows.push([fault.name, '', '', '', '', '', '', 'skipped'])
      continue
    }
    console.log(`\n${fault.name}`)
    const began = performance.now()
    const { provoked, tally, failures } = await provoke(fault)
    const seconds = Math.round((performance.now() - began) / 1000)
    failed += Number(failures.length > 0)
    const { acknowledged, lost, twice, stuck } = tally
    rows.push([fault.name, ...[provoked, acknowledged, lost, twice, stuck, seconds].map(String), failures.length === 0 ? 'held' : 'FAILED'])
  }
  console.log(`\n${tableOf(rows)}\n`)
  const skipped = rows.filter((row) => row.at(-1) === 'skipped').length
  console.log(`${wanted.length - failed - skipped} held, ${failed} did not, ${skipped} skipped; again with: --runs ${runs} --seed ${seed}`)
  return failed === 0 ? 0 : 1
}

async function provoke(fault: Fault): Promise<FaultResult> {
  // Of its own, so that one fault alone goes as it does among all.
  const random = seededRandom(seed + faults.indexOf(fault))
  const say = (line: string) => console.log(`  ${line}`)
  const result = await fault
    .run({ runs: Math.ceil(runs / 2), outageMs: outage * 1000, random, say })
    .catch(({ stack }: Error): FaultResult => ({ provoked: 0, tally: nothing, failures: [stack!], notes: [] }))
  for (const note of result.notes) say(note)
  for (const failure of result.failures) say(`FAILED: ${failure}`)
  return result
}

function tableOf(rows: readonly string[][]): string {
  const head = ['fault', 'provoked', 'acknowledged', 'lost', 'by two at once', 'stuck', 's', '']
  const widths = head.map((title, i) => Math.max(title.length, ...rows.map((row) => row[i]!.length)))
  const line = (row: readonly string[]) =>
    row
      .map((cell, i) => (i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!)))
      .join('  ')
      .trimEnd()
  return [head, ...rows].map(line).join('\n')
}
