import { EngineError } from '../../engine/errors.ts'
import { ApiError } from '../errors.ts'
import { readArchitecture, writeGraph } from '../features/architectures/specification.ts'
import { compareGraphs } from '../features/compare/write.ts'
import { costOfCall, explainGraph, writeCosts } from '../features/costs/write.ts'
import { predict, predictZoo } from '../features/prediction/predict.ts'
import { joinProfile } from '../features/runs/join-profile.ts'
import { presetFigures } from '../features/zoo/figures.ts'

/** Result of a task. Errors cross processes as plain data, since structured cloning drops their class. */
export type TaskResult<T> =
  | { ok: true; value: T }
  | { ok: false; error: { from: 'engine' | 'api'; code: string; message: string; errors: readonly unknown[] } }

type Task = (input: any) => unknown

const ready =
  (task: Task): (() => Task) =>
  () =>
    task

/** Tasks by name. Those of ONNX are loaded when first used, since loading a protobuf library would slow every start. */
const tasks = {
  read: ready(readArchitecture),
  graph: ready(writeGraph),
  costs: ready(writeCosts),
  call: ready(costOfCall),
  compare: ready(compareGraphs),
  explain: ready(explainGraph),
  roofline: ready(joinProfile),
  predict: ready(predict),
  predictZoo: ready(predictZoo),
  learn: async () => (await import('../features/prediction/learn.ts')).learn,
  zoo: ready(presetFigures),
  onnxAt: async () => (await import('../features/architectures/onnx-file.ts')).readOnnxAt,
  onnx: async () => (await import('../features/architectures/onnx-file.ts')).readOnnx,
  export: async () => (await import('../features/exports/write.ts')).writeExport,
  advice: async () => (await import('../features/advice/write.ts')).adviseStored,
  memory: async () => (await import('../features/memory/write.ts')).memoryOf,
  placement: async () => (await import('../features/placement/write.ts')).placeStored,
  rewrite: async () => (await import('../features/rewrites/write.ts')).rewriteStored,
  onnxFile: async () => (await import('../features/exports/write.ts')).writeOnnxFile,
} as const satisfies Record<string, () => Task | Promise<Task>>

export type TaskName = keyof typeof tasks

/** Runs a task. @throws whatever it throws that has no code of ours. */
export async function runTask(name: TaskName, input: unknown): Promise<TaskResult<unknown>> {
  const task: Task = await tasks[name]()
  try {
    return { ok: true, value: await task(input) }
  } catch (cause) {
    const from = cause instanceof EngineError ? 'engine' : cause instanceof ApiError ? 'api' : null
    if (from === null) throw cause
    const { code, message, errors } = cause as EngineError | ApiError
    return { ok: false, error: { from, code, message, errors } }
  }
}
