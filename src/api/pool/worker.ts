import { EngineError } from '../../engine/errors.ts'
import { ApiError } from '../errors.ts'
import { writeExport, writeOnnxFile } from './exports.ts'
import { readOnnx } from './onnx.ts'
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

/** Answers once this thread has loaded the engine. */
export const ready = (): Crossing<true> => ({ ok: true, value: true })
export const read = crossing(readArchitecture)
export const onnx = crossing(readOnnx)
export const graph = crossing(writeGraph)
export const costs = crossing(writeCosts)
export const explain = crossing(explainGraph)
export const roofline = crossing(joinProfile)
const exported = crossing(writeExport)

export { exported as export }
export const onnxFile = crossing(writeOnnxFile)
