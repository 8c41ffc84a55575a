import { closeSync, openSync, writeSync } from 'node:fs'
import type { CostOptions } from '../../../engine/cost.ts'
import { writeCostChart } from '../../../engine/formats/cost-chart.ts'
import { writeDot } from '../../../engine/formats/dot.ts'
import { type DrawingOptions, drawNetwork } from '../../../engine/formats/drawing/index.ts'
import { writeMermaid } from '../../../engine/formats/mermaid.ts'
import { exportOnnx } from '../../../engine/formats/onnx-export.ts'
import { streamOnnx } from '../../../engine/formats/onnx-stream.ts'
import { type Graph, graphToJson } from '../../../engine/graph.ts'
import type { RankOptions } from '../../../engine/rank-costs.ts'
import { type Packed, unpack } from '../../../store/packed.ts'
import { writeCosts } from '../costs/write.ts'

/** Formats that are text. */
export const textFormats = ['json', 'csv', 'dot', 'mermaid', 'svg', 'chart'] as const
export type TextFormat = (typeof textFormats)[number]

export interface ExportTask {
  graph: Packed
  /** Of the architecture. */
  name: string
  /** `onnx` without weights; with weights it is too large for memory: `writeOnnxFile`. */
  format: TextFormat | 'onnx'
  options: Pick<CostOptions, 'batch' | 'resolution' | 'convention'> & RankOptions & Pick<DrawingOptions, 'colorBy' | 'times'>
}

type Written = Uint8Array | string
type Writer = (task: ExportTask, graph: Graph) => Written | Promise<Written>

const writers: Readonly<Record<ExportTask['format'], Writer>> = {
  onnx: ({ options }, graph) => exportOnnx(graph, { ...options, weights: 'none' }).model,
  json: ({ name }, graph) => JSON.stringify({ name, ...graphToJson(graph) }),
  csv: ({ graph, options }) => writeCosts({ graph, options, format: 'csv' }),
  dot: ({ name, options }, graph) => writeDot(graph, { ...options, title: name }),
  mermaid: ({ name, options }, graph) => writeMermaid(graph, { ...options, title: name }),
  svg: ({ name, options }, graph) => drawNetwork(graph, { ...options, title: name }),
  chart: ({ name, options }, graph) => writeCostChart(graph, { ...options, title: name }),
}

/** A stored graph as a file of a format. @throws EngineError as the format's writer does. */
export async function writeExport(task: ExportTask): Promise<Uint8Array> {
  const written = await writers[task.format](task, unpack(task.graph) as Graph)
  return typeof written === 'string' ? Buffer.from(written) : written
}

export interface OnnxFileTask {
  graph: Packed
  options: Pick<CostOptions, 'batch' | 'resolution'> & { seed: number }
  /** An existing file; the caller that made it removes it. */
  path: string
}

/** A stored graph with seeded weights as an ONNX file on disk. @throws EngineError as `streamOnnx` does; Error where the disk is full. */
export function writeOnnxFile({ graph, options, path }: OnnxFileTask): void {
  const { pieces } = streamOnnx(unpack(graph) as Graph, options)
  const file = openSync(path, 'r+')
  try {
    for (const piece of pieces) for (let at = 0; at < piece.length; ) at += writeSync(file, piece, at)
  } finally {
    closeSync(file)
  }
}
