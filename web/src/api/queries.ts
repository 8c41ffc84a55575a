import { QueryClient, queryOptions, useQueries, useQuery } from '@tanstack/react-query'
import { type CallError, read, send, withQuery } from './client.ts'
import { useLive } from './live.ts'
import type { Session } from './session.ts'
import type {
  Advice,
  Architecture,
  ArchitecturePreview,
  AuditEntry,
  Convention,
  CostComparison,
  Costs,
  Device,
  DeviceQueue,
  Explanation,
  Graph,
  Histogram,
  Key,
  KeyUsage,
  LayerProfile,
  Page,
  Placement,
  Prediction,
  Rewrite,
  RewriteResult,
  RewriteStep,
  Run,
  RunComparison,
  Sweep,
  ThinnedSamples,
  ZooFamily,
  ZooFamilySummary,
  ZooFigures,
} from './types.ts'
import { finished } from './types.ts'

/** One for the page. What the service refuses is not asked again; what it does not answer is, until it does. */
export const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 1000,
      retry: (count, error) => (error as CallError).status === 0 && count < 1,
      retryDelay: 500,
      // The service is on this machine more often than not: no network does not mean no service.
      networkMode: 'always',
    },
    mutations: { networkMode: 'always' },
  },
})

const query = <T>(key: readonly unknown[], path: string, forever = false) =>
  queryOptions<T, CallError>({
    queryKey: key,
    queryFn: ({ signal }) => read<T>(path, signal),
    ...(forever ? { staleTime: Number.POSITIVE_INFINITY } : {}),
  })

/** How often a page asks again, ms: seldom where the service's events say when, otherwise every two seconds. */
export function useInterval(): number {
  return useLive() === 'live' ? 30_000 : 2000
}

/** Devices and runtimes that a page asks predictions for. */
const mostPredictions = 8

export const paths = {
  architectures: (search = '', limit = 50) => withQuery('/v1/architectures', { search, limit }),
  architecture: (id: string) => `/v1/architectures/${id}`,
  graph: (id: string) => `/v1/architectures/${id}/graph`,
  costs: (id: string, view: CostView) => withQuery(`/v1/architectures/${id}/costs`, { ...view }),
  explain: (id: string, from: string, to: string, batch: number) =>
    withQuery(`/v1/architectures/${id}/costs/explain`, { from, to, batch: batch === 1 ? undefined : batch }),
  advice: (id: string, batch: number) => withQuery(`/v1/architectures/${id}/advice`, { batch: batch === 1 ? undefined : batch }),
  placement: (id: string, view: PlacementView) => withQuery(`/v1/architectures/${id}/placement`, { ...view }),
  prediction: (id: string, view: PredictionView) => withQuery(`/v1/architectures/${id}/prediction`, { ...view }),
  rewrites: (id: string) => `/v1/architectures/${id}/rewrites`,
  networks: (view: NetworksView) => withQuery('/v1/compare', { ...view }),
  runs: (filter: RunFilter) => withQuery('/v1/runs', { ...filter }),
  run: (id: string) => `/v1/runs/${id}`,
  keyUsage: (id: string) => `/v1/keys/${id}/usage`,
  audit: (filter: AuditFilter) => withQuery('/v1/audit', { ...filter }),
  samples: (id: string) => `/v1/runs/${id}/samples?points=4000`,
  histogram: (id: string, range: { from?: number; to?: number }) =>
    withQuery(`/v1/runs/${id}/histogram`, { quantiles: '0.25,0.75', ...range }),
}

export interface CostView {
  convention: string
  batch: number
  resolution?: string | undefined
}

export interface PlacementView extends CostView {
  devices: string
  by: string
}

export interface PredictionView {
  batch: number
  resolution: string
  /** By its address. */
  device?: string
  runtime?: string
}

export interface AuditFilter {
  key?: string | undefined
  action?: string | undefined
  outcome?: string | undefined
  subjectId?: string | undefined
  since?: string | undefined
  before?: string | undefined
  after?: string | undefined
  limit?: number
}

export interface NetworksView {
  /** Ids and presets, separated by commas. */
  architectures: string
  convention: string
  groupBy: string
}

export interface RunFilter {
  architectureId?: string | undefined
  status?: string | undefined
  device?: string | undefined
  runtime?: string | undefined
  /** Prefix of a key, or `none`. */
  key?: string | undefined
  limit?: number
  sort?: string
  after?: string | undefined
}

export const useArchitectures = (search = '', limit = 50) => {
  const refetchInterval = useInterval() * 3
  return useQuery({ ...query<Page<Architecture>>(['architectures', search, limit], paths.architectures(search, limit)), refetchInterval })
}
export const architectureQuery = (id: string) => query<Architecture>(['architecture', id], paths.architecture(id), true)
export const useArchitecture = (id: string) => useQuery(architectureQuery(id))
export const useGraph = (id: string) => useQuery(query<Graph>(['graph', id], paths.graph(id), true))
export const useCosts = (id: string, view: CostView) =>
  useQuery({ ...query<Costs>(['costs', id, view], paths.costs(id, view), true), placeholderData: (before) => before })
export const useExplanation = (id: string, from: string, to: string, batch: number) =>
  useQuery({ ...query<Explanation>(['explain', id, from, to, batch], paths.explain(id, from, to, batch), true), enabled: from !== to })
export const useAdvice = (id: string, batch: number) => useQuery(query<Advice>(['advice', id, batch], paths.advice(id, batch), true))
export const usePlacement = (id: string, view: PlacementView) =>
  useQuery({ ...query<Placement>(['placement', id, view], paths.placement(id, view), true), placeholderData: (before) => before })
/** Of every device and runtime that enough networks were measured on, as the answers come; elsewhere the service refuses. */
export function usePredictions(id: string, view: PredictionView): Prediction[] {
  const targets = (useDevices().data?.items ?? []).flatMap(({ address, runtimes }) =>
    [...new Set(runtimes.filter(({ usable }) => usable).map(({ runtime }) => runtime))].map((runtime) => ({ device: address, runtime })),
  )
  return useQueries({
    queries: targets.slice(0, mostPredictions).map((target) => ({
      ...query<Prediction>(['prediction', id, view, target], paths.prediction(id, { ...view, ...target })),
      // What was learnt changes with runs only.
      staleTime: 60_000,
    })),
    combine: (answers) => answers.flatMap(({ data }) => (data ? [data] : [])),
  })
}
export const useRewrites = () => useQuery(query<{ items: Rewrite[] }>(['rewrites'], '/v1/rewrites', true))
/** A POST that changes nothing, so that it is asked like any read. */
const preview = <T>(key: string, path: string, body: unknown) => ({
  ...queryOptions<T, CallError>({ queryKey: [key, path, body], queryFn: () => send<T>(path, body), staleTime: Number.POSITIVE_INFINITY }),
  placeholderData: (before: T | undefined) => before,
})
export const useRewritePreview = (id: string, body: { recipe: RewriteStep[]; convention: string; batch: number }) =>
  useQuery({ ...preview<RewriteResult>('rewrite', paths.rewrites(id), { ...body, preview: true }), enabled: body.recipe.length > 0 })
export const useArchitecturePreview = (body: unknown) =>
  useQuery({ ...preview<ArchitecturePreview>('preview', '/v1/architectures?preview=true', body), enabled: body !== null })
export const useCostComparison = (view: NetworksView) =>
  useQuery({
    ...query<CostComparison>(['networks', view], paths.networks(view), true),
    enabled: view.architectures !== '',
    placeholderData: (before) => before,
  })
export const useConventions = () => useQuery(query<{ items: Convention[] }>(['conventions'], '/v1/conventions', true))
export const useZoo = () => useQuery(query<{ items: ZooFamilySummary[] }>(['zoo'], '/v1/zoo', true))
export const useZooFigures = () =>
  useQuery(query<{ items: { name: string; presets: ZooFigures[] }[] }>(['zoo', 'figures'], '/v1/zoo?expand=presets', true))
export const familyQuery = (name: string) => query<ZooFamily>(['zoo', name], `/v1/zoo/${name}`, true)

export const useSession = () => useQuery(query<Session>(['session'], '/v1/session', true))
/** Every key ever made; an admin's. */
export const useKeys = (mayRead: boolean) =>
  useQuery({ ...query<{ items: Key[] }>(['keys'], '/v1/keys'), enabled: mayRead, refetchInterval: 30_000 })
/** What keys use, by their ids, as the answers come. */
export function useUsages(ids: readonly string[]): Map<string, KeyUsage> {
  return useQueries({
    queries: ids.map((id) => ({ ...query<KeyUsage>(['usage', id], paths.keyUsage(id)), refetchInterval: 30_000 })),
    combine: (answers) => new Map(answers.flatMap(({ data }) => (data ? [[data.keyId, data] as const] : []))),
  })
}
export const useAudit = (filter: AuditFilter, mayRead: boolean) =>
  useQuery({
    ...query<Page<AuditEntry>>(['audit', filter], paths.audit(filter)),
    enabled: mayRead,
    placeholderData: (before) => before,
    refetchInterval: 15_000,
  })
export const useDevices = () => useQuery({ ...query<{ items: Device[] }>(['devices'], '/v1/devices'), refetchInterval: useInterval() * 5 })
export const useQueue = () => useQuery({ ...query<{ items: DeviceQueue[] }>(['queue'], '/v1/queue'), refetchInterval: useInterval() })
export const useRuns = (filter: RunFilter) => {
  const refetchInterval = useInterval()
  return useQuery({ ...query<Page<Run>>(['runs', filter], paths.runs(filter)), refetchInterval, placeholderData: (before) => before })
}
/** Runs of the same network on the same device and runtime, newest first. */
export function useHistory(run: Run | undefined) {
  const path = paths.runs({
    architectureId: run?.architectureId,
    device: run?.deviceUuid,
    runtime: run?.runtime,
    status: 'succeeded',
    sort: 'finishedAt',
    limit: 200,
  })
  const refetchInterval = useInterval()
  return { path, query: useQuery({ ...query<Page<Run>>(['runs', 'history', path], path), enabled: run !== undefined, refetchInterval }) }
}
export const runQuery = (id: string) => query<Run>(['run', id], paths.run(id))
export const useRun = (id: string) => {
  const refetchInterval = useInterval()
  return useQuery({
    ...runQuery(id),
    refetchInterval: ({ state }) => (state.data && finished(state.data.status) ? false : Math.min(refetchInterval, 5000)),
  })
}
/** As many samples as can be told apart on the screen, no outlier lost. */
export const useSamples = (id: string, there: boolean) =>
  useQuery({ ...query<ThinnedSamples>(['samples', id], paths.samples(id), true), enabled: there })
/** Samples by size; `range`: the edges, once they are known. */
export const useHistogram = (id: string, range: { from?: number; to?: number } | null) =>
  useQuery({ ...query<Histogram>(['histogram', id, range], paths.histogram(id, range ?? {}), true), enabled: range !== null })
export const useProfile = (id: string, there: boolean) =>
  useQuery({ ...query<LayerProfile>(['profile', id], `/v1/runs/${id}/profile`, true), enabled: there })
export const useComparison = (a: string, b: string) =>
  useQuery({
    ...query<RunComparison>(['compare', a, b], withQuery(`/v1/runs/${a}/compare`, { with: b }), true),
    enabled: a !== '' && b !== '',
  })
export const useSweep = (id: string) => useQuery({ ...query<Sweep>(['sweep', id], `/v1/sweeps/${id}`), refetchInterval: useInterval() })
