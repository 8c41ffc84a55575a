/**
 * `npm run fuzz:onnx [-- count [seed]]`: mutated ONNX files, 10,000 by default. Each is imported and costed, or refused with
 * an error of the engine, in bounded time: anything else is printed with what makes it again, and the exit status is 1.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { computeCosts } from '../src/engine/cost.ts'
import { EngineError } from '../src/engine/errors.ts'
import { importOnnx } from '../src/engine/formats/onnx-import/index.ts'

const folders = ['onnx', 'onnx-cases'].map((name) => join(import.meta.dirname, '../test/fixtures', name))
/** Far above what the largest file takes; a mutation must not make it worse by more than a slow machine does. */
const limitMs = 10_000

/** mulberry32: a seeded stream of numbers in [0, 1). */
function stream(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = Math.imul(state ^ (state >>> 15), state | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
}

type Mutation = (bytes: Uint8Array, random: () => number) => Uint8Array

const at = (bytes: Uint8Array, random: () => number): number => Math.floor(random() * bytes.length)

const mutations: Readonly<Record<string, Mutation>> = {
  cut: (bytes, random) => bytes.slice(0, at(bytes, random)),
  flip: (bytes, random) => {
    const flipped = bytes.slice()
    for (let n = 1 + Math.floor(random() * 16); n > 0; n--) flipped[at(bytes, random)]! ^= 1 << Math.floor(random() * 8)
    return flipped
  },
  overwrite: (bytes, random) => {
    const written = bytes.slice()
    const start = at(bytes, random)
    for (let i = start; i < Math.min(bytes.length, start + 12); i++) written[i] = random() < 0.5 ? 0xff : Math.floor(random() * 256)
    return written
  },
  remove: (bytes, random) => {
    const start = at(bytes, random)
    const end = start + 1 + Math.floor(random() ** 4 * (bytes.length - start))
    return new Uint8Array(Buffer.concat([bytes.subarray(0, start), bytes.subarray(end)]))
  },
  repeat: (bytes, random) => {
    const start = at(bytes, random)
    const end = start + 1 + Math.floor(random() ** 4 * (bytes.length - start))
    const times = 1 + Math.floor(random() * 20)
    return new Uint8Array(
      Buffer.concat([bytes.subarray(0, end), ...new Array(times).fill(bytes.subarray(start, end)), bytes.subarray(end)]),
    )
  },
  // Names and sizes keep their length, so that the message stays whole and what it means does not.
  rename: (bytes, random) => {
    const renamed = bytes.slice()
    const letters = [...renamed.keys()].filter((i) => renamed[i]! > 64 && renamed[i]! < 123)
    for (let n = 1 + Math.floor(random() * 8); n > 0 && letters.length > 0; n--)
      renamed[letters[Math.floor(random() * letters.length)]!] = 97 + Math.floor(random() * 26)
    return renamed
  },
}

export interface FuzzResult {
  imported: number
  refused: number
  slowestMs: number
  /** In words, with what makes each again. */
  failures: string[]
}

interface Original {
  name: string
  bytes: Uint8Array
}

/** The files that are mutated, the smallest first. */
export const originals = (): Original[] =>
  folders
    .flatMap((folder) => readdirSync(folder).map((name) => ({ name, path: join(folder, name) })))
    .filter(({ name }) => name.endsWith('.onnx'))
    .map(({ name, path }) => ({ name, bytes: new Uint8Array(readFileSync(path)) }))
    .sort((a, b) => a.bytes.length - b.bytes.length || (a.name < b.name ? -1 : 1))

const kinds = Object.keys(mutations)

/** The mutated file of this seed, and in words what it was made of. */
export function mutant(seed: number, files: readonly Original[]): { what: string; bytes: Uint8Array } {
  const random = stream(seed)
  const { name, bytes } = files[Math.floor(random() * files.length)]!
  const kind = kinds[Math.floor(random() * kinds.length)]!
  return { what: `seed ${seed}, ${kind} of ${name}`, bytes: mutations[kind]!(bytes, random) }
}

/** Imports `count` mutated files. `files` bounds the originals to the smallest so many. */
export function fuzz(count: number, seed: number, files = Number.POSITIVE_INFINITY): FuzzResult {
  const from = originals().slice(0, files)
  const result: FuzzResult = { imported: 0, refused: 0, slowestMs: 0, failures: [] }
  for (let i = 0; i < count; i++) {
    const { what, bytes } = mutant(seed + i, from)
    const start = performance.now()
    try {
      const { graph } = importOnnx(bytes)
      computeCosts(graph)
      computeCosts(graph, { batch: 3 })
      result.imported++
    } catch (cause) {
      if (cause instanceof EngineError && cause.message.length > 0) result.refused++
      else result.failures.push(`${what}: ${cause instanceof Error ? cause.stack : cause}`)
    }
    const ms = performance.now() - start
    result.slowestMs = Math.max(result.slowestMs, ms)
    if (ms > limitMs) result.failures.push(`${what}: took ${Math.round(ms)} ms`)
  }
  return result
}

if (import.meta.main) {
  const [count = 10_000, seed = Math.floor(Math.random() * 2 ** 31)] = process.argv.slice(2).map(Number)
  if (![count, seed].every(Number.isSafeInteger)) {
    console.error('usage: npm run fuzz:onnx [-- count [seed]]')
    process.exit(2)
  }
  console.log(`${count} mutated files, seed ${seed}: node scripts/fuzz-onnx.ts ${count} ${seed} makes the same ones`)
  const { imported, refused, slowestMs, failures } = fuzz(count, seed)
  for (const failure of failures.slice(0, 20)) console.error(failure)
  console.log(`${imported} imported, ${refused} refused, ${failures.length} failures; the slowest took ${Math.round(slowestMs)} ms`)
  process.exit(failures.length > 0 ? 1 : 0)
}
