/**
 * `npm run bench [-- name …] [-- --save]`: every benchmark, or those named, each figure beside its yardstick. `--save`
 * also writes bench/results/<date>-<platform>-<cores>.json. `compare COMMIT` is bench/compare/. A missed aim is reported, not failed: these are measurements.
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { availableParallelism, cpus, totalmem } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { compare } from './compare/run.ts'
import { benchmark as engine } from './engine.ts'
import { benchmark as fidelity } from './fidelity.ts'
import { type Figure, figuresOf, format } from './figure.ts'
import { benchmark as http } from './http.ts'
import { benchmark as importing } from './import.ts'
import { benchmark as prediction } from './prediction/index.ts'
import { benchmark as queue } from './queue.ts'
import { benchmark as web } from './web.ts'

const benchmarks = [engine, importing, http, queue, fidelity, prediction, web]

const { values, positionals } = parseArgs({ allowPositionals: true, options: { save: { type: 'boolean', default: false } } })
const host = {
  platform: `${process.platform}-${process.arch}`,
  cpu: cpus()[0]?.model ?? 'unknown',
  cores: availableParallelism(),
  memoryGiB: Math.round(totalmem() / 2 ** 30),
  node: process.version,
}
console.log(`${host.cpu}, ${host.cores} cores, ${host.memoryGiB} GiB, ${host.platform}, Node ${host.node}`)
if (positionals[0] === 'compare') {
  const machine = `${new Date().toISOString().slice(0, 10)}: ${host.cpu}, ${host.cores} cores, ${host.memoryGiB} GiB, ${host.platform}, Node ${host.node}`
  await compare(machine, positionals.slice(1), values.save).catch((cause) => {
    console.error(cause instanceof Error ? cause.message : cause)
    process.exitCode = 2
  })
  process.exit()
}
const names = benchmarks.map(({ name }) => name)
const unknown = positionals.filter((name) => !names.includes(name))
if (unknown.length > 0) {
  console.error(`no benchmark ${unknown.join(', ')}: use ${names.join(', ')}`)
  process.exit(2)
}

const figures: Record<string, Figure[]> = {}
for (const benchmark of benchmarks) {
  const { name } = benchmark
  if (positionals.length > 0 && !positionals.includes(name)) continue
  console.log(`\n${name}`)
  figures[name] = await figuresOf(benchmark)
  for (const figure of figures[name]) console.log(format(figure))
}

if (values.save) {
  const date = new Date().toISOString().slice(0, 10)
  const folder = join(import.meta.dirname, 'results')
  mkdirSync(folder, { recursive: true })
  const file = join(folder, `${date}-${host.platform}-${host.cores}-cores.json`)
  writeFileSync(file, `${JSON.stringify({ date, host, figures }, null, 2)}\n`)
  console.log(`\nwritten to bench/results/${date}-${host.platform}-${host.cores}-cores.json`)
}
