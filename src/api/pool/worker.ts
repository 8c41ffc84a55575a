import { EngineError } from '../../engine/errors.ts'
import { ApiError } from '../errors.ts'
import { joinProfile } from './roofline.ts'
import { explainGraph, readArchitecture, writeCosts, writeGraph } from './tasks.ts'

/** A task's end as it crosses threads: errors lose their class on the way, so they travel as what they say. */
export type Crossing<T> =
  | { ok: true; value: T }
  | { ok: false; error: { from: 'engine' | 'api'; code: string; message: string; errors: readonly unknown[] } }

const crossing =
  <I, O>(task: (input: I) => O) =>
  (input: I): Crossing<O> => {
    try {
      return { ok: true, value: task(input) }
    } catch (cause) {
      const from = cause instanceof EngineError ? 'engine' : cause instanceof ApiError ? 'api' : null
      if (from === null) throw cause
      const { code, message, errors } = cause as EngineError | ApiError
      return { ok: false, error: { from, code, message, errors } }
    }
  }

/** A task whose module is loaded when it is first asked for: reading and writing ONNX would cost every start a protobuf library. */
const lazily =
  <I, O>(load: () => Promise<(input: I) => O>) =>
  async (input: I): Promise<Crossing<O>> =>
    crossing(await load())(input)

/** Answers once this thread has loaded the engine. */
export const ready = (): Crossing<true> => ({ ok: true, value: true })
export const read = crossing(readArchitecture)
export const onnx = lazily(async () => (await import('./onnx.ts')).readOnnx)
export const graph = crossing(writeGraph)
export const costs = crossing(writeCosts)
export const explain = crossing(explainGraph)
export const roofline = crossing(joinProfile)
const exported = lazily(async () => (await import('./exports.ts')).writeExport)

export { exported as export }
export const onnxFile = lazily(async () => (await import('./exports.ts')).writeOnnxFile)
