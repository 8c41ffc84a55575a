/**
 * `npm run bench:defend [-- --parts fidelity,certificates --save …]`: whether our milliseconds can be defended. By hand,
 * on a machine with nothing else to do.
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { cpus, loadavg } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { blockOf, exportPreset, targetNamed } from '../blocks.ts'
import { repeatability, repeatabilityHeader, trouble, troubleHeader } from './certificates.ts'
import { againstItself, header as comparisonsHeader } from './comparisons.ts'
import { fidelity, header as fidelityHeader } from './fidelity.ts'
import { pythonEnvironment } from './python.ts'

const help = `npm run bench:defend -- [options]
  --parts LIST        of fidelity, certificates, comparisons (default: the first two, half an hour)
  --device NAME       default cpu:0
  --networks LIST     of fidelity; default: six
  --blocks N          of each network; default 20
  --runs N            of repeatability and of trouble; default 10
  --comparisons N     of a network with itself; default 100
  --threads N         default 1
  --python PYTHON     one that has onnxruntime, instead of an environment of its own
  --torch PYTHON      one that has torch and torchvision: PyTorch beside it, eager and compiled
  --save              keep what is printed in bench/results`

const { values } = parseArgs({
  options: {
    help: { type: 'boolean', default: false },
    parts: { type: 'string', default: 'fidelity,certificates' },
    device: { type: 'string', default: 'cpu:0' },
    networks: { type: 'string', default: 'alexnet,vgg16,googlenet,resnet18,resnet50,mobilenet_v2' },
    blocks: { type: 'string', default: '20' },
    runs: { type: 'string', default: '10' },
    comparisons: { type: 'string', default: '100' },
    threads: { type: 'string', default: '1' },
    python: { type: 'string' },
    torch: { type: 'string' },
    save: { type: 'boolean', default: false },
  },
})
const partNames = ['fidelity', 'certificates', 'comparisons']
const asked = values.parts.split(',')
const unknown = asked.find((part) => !partNames.includes(part))
if (values.help || unknown !== undefined) {
  console.log(unknown === undefined ? help : `there is no part ${unknown}\n${help}`)
  process.exit(unknown === undefined ? 0 : 2)
}
const length = blockOf({ threads: Number(values.threads), warmupMs: 300, timedMs: 500 })
const runs = Number(values.runs)
const lines: string[] = []
const say = (...added: string[]) => {
  lines.push(...added)
  for (const line of added) console.log(line)
}

const target = await targetNamed(values.device).catch((error: Error) => {
  console.error(error.message)
  process.exit(1)
})

const parts: Record<string, () => Promise<void>> = {
  async fidelity() {
    const beside = { python: values.python ?? pythonEnvironment(target), torch: values.torch ?? null }
    say(
      '',
      `Fidelity: ratio of medians over the neighboring bare blocks, ± two standard errors; blocks of ${length.timedMs} ms and ${length.timedCalls} calls or more.`,
      '',
    )
    say(...fidelityHeader(beside))
    for (const preset of values.networks.split(',')) {
      const network = exportPreset(preset)
      try {
        say(await fidelity(network, target, length, Number(values.blocks), beside))
      } finally {
        network.remove()
      }
    }
  },
  async certificates() {
    const networks = ['resnet18', 'mobilenet_v2'].map(exportPreset)
    try {
      say(
        '',
        `Repeatability: the same run ${runs} times with default settings; before the fourth, nothing earlier tells whether one strays.`,
        '',
        ...repeatabilityHeader,
      )
      for (const network of networks) say(await repeatability(network, target, length, runs))
      const small = networks.at(-1)!
      say('', `Trouble: certificates of ${runs} runs of ${small.preset}.`, '', ...troubleHeader)
      say(...(await trouble(small, target, length, runs)))
    } finally {
      for (const network of networks) network.remove()
    }
  },
  async comparisons() {
    const network = exportPreset('mobilenet_v2')
    try {
      say('', 'A against A: a network compared with itself in turns; at most 5 of 100 may be called different.', '', ...comparisonsHeader)
      say(await againstItself(network, target, length.threads, Number(values.comparisons)))
    } finally {
      network.remove()
    }
  },
}

const day = new Date().toISOString().slice(0, 10)
const { device } = target
say(`# Whether our milliseconds can be defended: ${day}`, '')
say(
  `${device.name}, ${device.model}${device.driver ? `, driver ${device.driver}` : ''}; ${cpus().length} CPUs, Node ${process.version}, load ${loadavg()[0]!.toFixed(2)} at the start; ${length.threads} thread(s).`,
)
for (const part of asked) await parts[part]!()
if (values.save) {
  const folder = join(import.meta.dirname, '..', 'results')
  mkdirSync(folder, { recursive: true })
  const file = `${asked.join('-')}-${device.kind}-${day}.md`
  writeFileSync(join(folder, file), `${lines.join('\n')}\n`)
  console.log(`\nwritten to bench/results/${file}`)
}
