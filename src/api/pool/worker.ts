import { EngineError } from '../../engine/errors.ts'
import { ApiError } from '../errors.ts'
import { readArchitecture, writeGraph } from '../features/architectures/specification.ts'
import { costTotals, explainGraph, writeCosts } from '../features/costs/write.ts'
import { joinProfile } from '../features/runs/join-profile.ts'

/** Result of a task. Errors cross threads as plain data, since structured cloning drops their class. */
export type TaskResult<T> =
  | { ok: true; value: T }
  | { ok: false; error: { from: 'engine' | 'api'; code: string; message: string; errors: readonly unknown[] } }

const asResult =
  <I, O>(task: (input: I) => O) =>
  (input: I): TaskResult<O> => {
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
  async (input: I): Promise<TaskResult<O>> =>
    asResult(await load())(input)

/** Answers once this thread has loaded the engine. */
export const ready = (): TaskResult<true> => ({ ok: true, value: true })
export const read = asResult(readArchitecture)
export const onnx = lazily(async () => (await import('../features/architectures/onnx-file.ts')).readOnnx)
export const graph = asResult(writeGraph)
export const costs = asResult(writeCosts)
export const totals = asResult(costTotals)
export const explain = asResult(explainGraph)
export const roofline = asResult(joinProfile)
const exported = lazily(async () => (await import('../features/exports/write.ts')).writeExport)

export { exported as export }
export const onnxFile = lazily(async () => (await import('../features/exports/write.ts')).writeOnnxFile)
