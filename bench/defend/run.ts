/**
 * `npm run bench:defend [-- --networks a,b --blocks 20 --runs 10 --save]`: whether our milliseconds can be defended.
 *
 * 1. Fidelity: our median against a bare onnxruntime loop in Node and in Python, same file, same threads, in alternating
 *    blocks, each a process of its own. A block is set against the bare ones right before and after it; beside it stands
 *    the bare loop against itself, measured the same way.
 * 2. Repeatability: the same run several times, the spread of its medians beside the bare loop's; runs far out are listed
 *    with what their certificates say.
 * 3. Trouble: how often the certificate is `suspect` undisturbed, and with one core burnt by another process.
 *
 * By hand, on a machine with nothing else to do: about twenty minutes.
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { cpus, loadavg } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { Worker } from 'node:worker_threads'
import { type BlockLength, exportPreset, type Network, nodeBlock, workerRun } from '../blocks.ts'
import { errorOfMedian, median } from '../figure.ts'
import { pythonBlock, pythonEnvironment } from './python.ts'

const { values } = parseArgs({
  options: {
    networks: { type: 'string', default: 'alexnet,vgg16,googlenet,resnet18,resnet50,mobilenet_v2' },
    blocks: { type: 'string', default: '20' },
    runs: { type: 'string', default: '10' },
    threads: { type: 'string', default: '1' },
    save: { type: 'boolean', default: false },
  },
})
const blocks = Number(values.blocks)
const runs = Number(values.runs)
const length: BlockLength = { threads: Number(values.threads), warmupMs: 200, timedMs: 500 }
const lines: string[] = []
const say = (line = '') => {
  lines.push(line)
  console.log(line)
}

const ratio = (list: readonly number[]): string => `${median(list).toFixed(4)} ± ${(2 * errorOfMedian(list)).toFixed(4)}`
const percent = (share: number): string => `${(100 * share).toFixed(1)} %`

async function fidelity(network: Network, python: string | null): Promise<void> {
  const ratios: Record<'worker' | 'python' | 'bare', number[]> = { worker: [], python: [], bare: [] }
  const bare = [await nodeBlock(network, length)]
  const { threads, warmupMs, timedMs } = length
  const settings = { threads, warmupMs, minDurationMs: timedMs, maxDurationMs: timedMs, minSamples: 1 }
  const take = {
    worker: async () => median([...(await workerRun(network, settings)).samples]),
    python: () => pythonBlock(python!, network, length),
  }
  for (let block = 0; block < 2 * blocks; block++) {
    const who = block % 2 === 0 || !python ? 'worker' : 'python'
    const taken = await take[who]()
    bare.push(await nodeBlock(network, length))
    ratios[who].push(taken / Math.sqrt(bare.at(-1)! * bare.at(-2)!))
    if (bare.length > 2) ratios.bare.push(bare.at(-2)! / Math.sqrt(bare.at(-1)! * bare.at(-3)!))
  }
  const off = Math.abs(median(ratios.worker) - 1)
  const allowed = Math.max(0.02, Math.abs(median(ratios.bare) - 1) + 2 * errorOfMedian(ratios.bare))
  say(
    `| ${network.preset} | ${median(bare).toFixed(2)} | ${ratio(ratios.worker)} | ${python ? ratio(ratios.python) : 'none'} | ${ratio(ratios.bare)} | ${ratios.worker.length} | ${off <= allowed ? 'yes' : 'NO'} |`,
  )
}

const reasonsOf = ({ certificate }: Awaited<ReturnType<typeof workerRun>>): string =>
  certificate.reasons.map(({ code }) => code).join(' ') || 'valid'

async function repeatability(network: Network): Promise<void> {
  const ours: { ms: number; said: string }[] = []
  const bare: number[] = []
  for (let i = 0; i < runs; i++) {
    const run = await workerRun(network, { threads: length.threads, maxDurationMs: 8000 })
    ours.push({ ms: median([...run.samples]), said: reasonsOf(run) })
    bare.push(await nodeBlock(network, { ...length, warmupMs: 1000, timedMs: 2000 }))
  }
  const spread = (list: readonly number[]) => Math.max(...list) / Math.min(...list) - 1
  const middle = median(ours.map(({ ms }) => ms))
  const far = ours.filter(({ ms }) => Math.abs(ms / middle - 1) > 0.03)
  const unsaid = far.filter(({ said }) => said === 'valid')
  say(
    `| ${network.preset} | ${middle.toFixed(2)} | ${percent(spread(ours.map(({ ms }) => ms)))} | ${percent(spread(bare))} | ${far.length} | ${unsaid.length} | ${ours.map(({ ms, said }) => `${ms.toFixed(2)} ${said}`).join('; ')} |`,
  )
}

async function trouble(network: Network): Promise<void> {
  const count = async (label: string) => {
    const said: string[] = []
    for (let i = 0; i < runs; i++) said.push(reasonsOf(await workerRun(network, { threads: length.threads, maxDurationMs: 4000 })))
    say(`| ${label} | ${said.filter((each) => each !== 'valid').length} of ${runs} | ${said.join('; ')} |`)
  }
  await count('undisturbed')
  const burner = new Worker('for (;;);', { eval: true })
  await count('one core burnt')
  await burner.terminate()
}

say(`# Whether our milliseconds can be defended: ${new Date().toISOString().slice(0, 10)}`)
say()
say(
  `${cpus()[0]?.model}, ${cpus().length} CPUs, Node ${process.version}, load ${loadavg()[0]!.toFixed(2)} at the start; ${length.threads} thread(s).`,
)
const python = pythonEnvironment()
const networks = values.networks.split(',').map(exportPreset)
try {
  say()
  say(`Fidelity: ratio of medians over the neighbouring bare blocks, ± two standard errors; ${blocks} blocks of ${length.timedMs} ms each.`)
  say()
  say('| network | bare loop, ms | ours / bare | Python / bare | bare / itself | blocks | within 2 %, or as near as bare to itself |')
  say('|---|---|---|---|---|---|---|')
  for (const network of networks) await fidelity(network, python)
  const [small] = networks.filter(({ preset }) => preset === 'mobilenet_v2' || preset === 'resnet18').toReversed()
  say()
  say(`Repeatability: the same run ${runs} times with default settings.`)
  say()
  say(
    '| network | median, ms | spread of ours | spread of the bare loop | over 3 % from the median | of them with a valid certificate | each |',
  )
  say('|---|---|---|---|---|---|---|')
  for (const network of networks.filter(({ preset }) => preset === 'resnet18' || preset === 'mobilenet_v2')) await repeatability(network)
  say()
  say(`Trouble: certificates of ${runs} runs of ${(small ?? networks[0]!).preset}.`)
  say()
  say('| | not valid | each |')
  say('|---|---|---|')
  await trouble(small ?? networks[0]!)
} finally {
  for (const network of networks) network.remove()
}
if (values.save) {
  const folder = join(import.meta.dirname, '..', 'results')
  mkdirSync(folder, { recursive: true })
  const file = `defend-${new Date().toISOString().slice(0, 10)}.md`
  writeFileSync(join(folder, file), `${lines.join('\n')}\n`)
  console.log(`\nwritten to bench/results/${file}`)
}
