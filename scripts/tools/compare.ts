/**
 * Counts random networks and layers by our conventions and by the tools themselves, and says where they part: the second half of
 * `npm run test:tools`, which gives the Python interpreter that has the tools. `--seed` and `--count` choose the networks,
 * `--save` writes the outcome to docs/tools-agreement.md. Exits with 1 where a figure differs or could not be had.
 */
import { spawn } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { parseArgs } from 'node:util'
import { findConvention } from '../../src/engine/conventions/index.ts'
import { computeCosts } from '../../src/engine/cost.ts'
import { verifyGraph } from '../../src/engine/verify.ts'
import { agreed, grouped, table } from '../markdown.ts'
import { drawLayers } from './layers.ts'
import { drawNetworks, type Variant } from './networks.ts'
import { Random } from './random.ts'

const tools = ['fvcore', 'torchinfo', 'ptflops', 'thop', 'torch', 'onnx'] as const
const columns = ['params', ...tools] as const
type Column = (typeof columns)[number]
type Theirs = Record<Column, number | { error: string }>

interface Row {
  variant: Variant
  ours: Record<Column, number>
  theirs: Theirs
}

const page = new URL('../../docs/tools-agreement.md', import.meta.url)

function count({ spec, input: [batch] }: Variant): Record<Column, number> {
  const graph = verifyGraph(spec)
  const flops = (convention: string) => computeCosts(graph, { convention, batch }).totals
  return {
    params: flops('onnx').params,
    ...(Object.fromEntries(tools.map((tool) => [tool, flops(tool).flops])) as Record<(typeof tools)[number], number>),
  }
}

const equal = ({ ours, theirs }: Row, column: Column): boolean => ours[column] === theirs[column]

function cell(row: Row, column: Column): string {
  const theirs = row.theirs[column]
  if (typeof theirs === 'object') return `${grouped(row.ours[column])} here; the tool fails: ${theirs.error}`
  return agreed(row.ours[column], theirs)
}

/** Each convention names the version it reproduces; another one installed would compare something else. */
function checkVersions(versions: Record<string, string>): void {
  for (const tool of tools) {
    const installed = tool === 'onnx' ? `torch ${versions.torch}` : `${tool} ${versions[tool]}`
    const { source } = findConvention(tool)
    if (!source.includes(installed)) throw new Error(`${installed} is installed, but the convention ${tool} reproduces: ${source}`)
  }
}

const allEqual = (row: Row): boolean => columns.every((column) => equal(row, column))

function tabled(rows: Row[]): string {
  const line = (row: Row, i: number) => {
    const { model, input } = row.variant
    return [i + 1, `\`${model}\``, input.join('×'), ...columns.map((column) => cell(row, column))]
  }
  return table(['', 'PyTorch', 'input', ...columns.map((column) => `${column}:`)], rows.map(line))
}

function report(networks: Row[], layers: Row[], versions: Record<string, string>, seed: number): string {
  const rows = [...networks, ...layers]
  const figures = rows.length * columns.length
  const same = rows.reduce((n, row) => n + columns.filter((column) => equal(row, column)).length, 0)
  return `# Conventions beside the tools themselves

Written by \`npm run test:tools -- --seed ${seed} --count ${networks.length} --save\`; do not edit. Random networks, each built by torchvision's own
constructor and by our zoo, and random layers, each a module or function of PyTorch and a layer of ours; counted by the tool and by
the convention of its name.

**${same === figures ? `All ${figures}` : `${same} of ${figures}`} figures are equal, to the last digit.** A cell shows the one number where both agree, and both where not.

- Date: ${new Date().toISOString().slice(0, 10)}. Seed: ${seed}.
- Versions: ${Object.entries(versions)
    .map(([name, version]) => `${name} ${version}`)
    .join(', ')}.
- \`params\` are the learned ones (\`model.parameters()\`). Figures are for the whole batch, in eval mode, run on the CPU.
- \`onnx\` is counted by a few lines of Python over the file that torch's exporter writes (\`dynamo=True\`): its Conv, Gemm and MatMul
  nodes, by the shapes that the file states.
- \`ptflops\` gets its input by name. Given as a tensor it divides what its hooks count by the images, but not what its patched
  functions count, so that for more than one image its figure is neither of one image nor of all.

## ${networks.length} networks

${tabled(networks)}

## ${layers.length} layers

${tabled(layers)}
`
}

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      seed: { type: 'string', default: '4' },
      count: { type: 'string', default: '50' },
      save: { type: 'boolean', default: false },
    },
  })
  const [seed, each] = [Number(values.seed), Number(values.count)]
  if (!Number.isSafeInteger(seed) || !Number.isSafeInteger(each) || each < 1)
    throw new Error(`--seed takes an integer and --count one from 1 on, not ${values.seed} and ${values.count}`)
  const r = new Random(seed)
  const variants = [...drawNetworks(each, r), ...drawLayers(each, r)]
  const began = Date.now()
  console.log(`${each} random networks and ${each} random layers, seed ${seed}`)

  const python = spawn(positionals[0]!, ['scripts/tools/measure.py'], { stdio: ['pipe', 'pipe', 'pipe'] })
  // Kept for the case that it ends early: what the tools warn of is no news otherwise.
  let said = ''
  python.stderr.on('data', (chunk) => (said = (said + chunk).slice(-20_000)))
  python.stdin.on('error', () => {})
  python.stdin.end(variants.map(({ model, input }) => `${JSON.stringify({ model, input })}\n`).join(''))
  let versions: Record<string, string> | undefined
  const rows: Row[] = []
  for await (const line of createInterface({ input: python.stdout })) {
    if (!versions) {
      versions = JSON.parse(line) as Record<string, string>
      checkVersions(versions)
      continue
    }
    const variant = variants[rows.length]!
    const row = { variant, ours: count(variant), theirs: JSON.parse(line) as Theirs }
    rows.push(row)
    const wrong = columns.filter((column) => !equal(row, column)).map((column) => `\n   ${column}: ${cell(row, column)}`)
    console.log(`${rows.length} ${variant.model} ${variant.input.join('×')}: ${allEqual(row) ? 'equal' : `DIFFERS${wrong.join('')}`}`)
  }
  if (!versions || rows.length < variants.length) throw new Error(`the tools ended after ${rows.length} of ${variants.length}:\n${said}`)

  const same = rows.filter(allEqual).length
  console.log(`${same} of ${rows.length} equal in all ${columns.length} figures; ${Math.round((Date.now() - began) / 1000)} s`)
  if (values.save) writeFileSync(page, report(rows.slice(0, each), rows.slice(each), versions, seed))
  if (same < rows.length) process.exitCode = 1
}

await main().catch((error: Error) => {
  console.error(`test:tools: ${error.message}`)
  process.exitCode = 1
})
