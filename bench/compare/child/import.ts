/** `node import.ts ROOT FILE ROUNDS`: a build's time from an ONNX file's bytes to totals beside the parser's alone, ms, warm. */
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { median } from '../../figure.ts'

const [root, file, rounds] = process.argv.slice(2) as [string, string, string]
const from = (name: string) => import(join(root, 'src/engine', name))
const [{ computeCosts }, { importOnnx }, { defaultLimits }] = await Promise.all([
  from('cost.ts'),
  from('formats/onnx-import/index.ts'),
  from('limits.ts'),
])
// The build's own copies, so that the parser is the one that it calls or could call.
const ofBuild = createRequire(join(root, 'package.json'))
const load = (name: string) => import(pathToFileURL(ofBuild.resolve(name)).href)
const [{ fromBinary }, { ModelProtoSchema }] = await Promise.all([load('@bufbuild/protobuf'), load('onnx-buf')])
const limits = { ...defaultLimits, maxLayers: 2_000_000, maxTensors: 4_000_000 }
const bytes = readFileSync(file)
const totals = () => computeCosts(importOnnx(bytes, { limits }).graph).totals
const parse = () => fromBinary(ModelProtoSchema, bytes)
const times: [number[], number[]] = [[], []]
const warm = Number(rounds) > 2 ? Number(rounds) : 0
for (let i = -warm; i < Number(rounds); i++)
  for (const [which, call] of [totals, parse].entries()) {
    const start = performance.now()
    call()
    if (i >= 0) times[which]!.push(performance.now() - start)
  }
console.log(JSON.stringify({ ms: median(times[0]), parserMs: median(times[1]) }))
