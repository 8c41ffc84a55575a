/** The answers of the service by the names that the pages have for them; `npm run schemas` writes schemas.ts. */
import type {
  ArchitectureSource,
  CostsExplanation,
  ExpandedZooPreset,
  Graph as GraphAnswer,
  LayerProfileRow,
  Problem,
  RunningEntry,
  RunStatus,
  WaitingEntry,
  ZooFamily,
} from './schemas.ts'

export type {
  Advice,
  Architecture,
  ArchitecturePreview,
  AuditAction,
  AuditEntry,
  Certificate,
  ComparedNetwork,
  Convention,
  CostComparison,
  Costs,
  Device,
  DeviceQueue,
  Finding,
  Histogram,
  Key,
  KeyUsage,
  Latency,
  LayerCost,
  LayerDifference,
  LayerProfile,
  MadeKey,
  NewKey,
  Placement,
  Prediction,
  Rewrite,
  RewriteLayer,
  RewriteResult,
  RewriteStep,
  Role,
  Run,
  RunComparison,
  RunStatus,
  RuntimeOnDevice,
  Samples,
  Saving,
  Sweep,
  ThinnedSamples,
  Verdict,
  ZooFamily,
  ZooPreset,
} from './schemas.ts'

export interface Page<T> {
  items: T[]
  nextCursor: string | null
}

/** What the service answers when it refuses: RFC 9457, with a code of its own and, for a graph, every mistake at once. */
export type ProblemDocument = Pick<Problem, 'status' | 'detail' | 'errors'> & { code: string }

export type Source<K extends ArchitectureSource['kind']> = Extract<ArchitectureSource, { kind: K }>

export type Explanation = CostsExplanation
export type ProfileRow = LayerProfileRow
export type QueueEntry = RunningEntry | (WaitingEntry & { startedAt?: undefined })
export type ZooFigures = ExpandedZooPreset
export type ZooFamilySummary = Omit<ZooFamily, 'presets' | 'options' | 'links'> & { presets: string[] }

/** A layer of a graph, with those attributes that the pages show. */
export type GraphLayer = GraphAnswer['layers'][number] & {
  outChannels?: number
  outFeatures?: number
  kernelSize?: number[]
  stride?: number[]
  padding?: number[] | string
  groups?: number
}
export type Graph = Omit<GraphAnswer, 'layers'> & { layers: GraphLayer[] }

export const finished = (status: RunStatus): boolean => status !== 'queued' && status !== 'running'
