import { Button, Menu, Tabs } from '@mantine/core'
import { lazy, Suspense, useMemo } from 'react'
import { Link } from 'wouter'
import { paths, useArchitecture, useCosts, useGraph } from '../api/queries.ts'
import { from } from '../architectures/architectures.tsx'
import { exact, moment } from '../lib/format.ts'
import { useUrlState } from '../lib/url.ts'
import { QueueRun } from '../runs/queue-run.tsx'
import { Header } from '../shell/header.tsx'
import { Loading, Refused } from '../shell/states.tsx'
import { AdviceView } from './advice.tsx'
import { Controls } from './controls.tsx'
import { CostTable } from './cost-table.tsx'
import { LayerBars } from './layer-bars.tsx'
import { MemoryLine } from './memory-line.tsx'
import { PlacementView } from './placement.tsx'
import { Predicted } from './predicted.tsx'
import { ReceptiveField } from './receptive-field.tsx'
import { RewriteView, readRecipe } from './rewrite/rewrite.tsx'
import { costly, costRowsOf, rowsOf } from './rows.ts'
import { Totals } from './totals.tsx'
import { Why } from './why.tsx'

const defaults = {
  convention: 'lecture',
  batch: '1',
  resolution: '',
  rows: 'costly',
  tab: 'table',
  layer: '',
  color: 'flops',
  recipe: '[]',
  devices: '2',
  split: 'stage',
}
/** Loaded with the layout of graphs when they are opened. */
const GraphView = lazy(() => import('./graph/graph.tsx').then((part) => ({ default: part.GraphView })))

const formats = ['onnx', 'json', 'csv', 'dot', 'mermaid', 'svg', 'chart']

export function ArchitecturePage({ id }: { id: string }) {
  const [view, set] = useUrlState(defaults)
  const batch = Math.max(1, Math.floor(Number(view.batch)) || 1)
  const costView = { convention: view.convention, batch, resolution: view.resolution || undefined }
  const architecture = useArchitecture(id)
  const costs = useCosts(id, costView)
  const graph = useGraph(id)
  const bars = useMemo(() => (costs.data ? costRowsOf(costs.data) : []), [costs.data])
  const all = useMemo(() => (costs.data ? rowsOf(costs.data, bars, graph.data) : []), [costs.data, bars, graph.data])
  const drawn = useMemo(() => (view.rows === 'all' ? bars : bars.filter(costly)), [bars, view.rows])
  const rows = useMemo(() => (view.rows === 'all' ? all : all.filter(costly)), [all, view.rows])
  const recipe = useMemo(() => readRecipe(view.recipe), [view.recipe])
  const pick = (layer: string) => set({ layer })
  if (architecture.error)
    return (
      <>
        <Header title="Architecture" />
        <Refused error={architecture.error} />
      </>
    )
  if (!architecture.data) return <Loading />
  const { name, counts, createdAt, source } = architecture.data
  return (
    <>
      <Header
        title={name}
        note={
          <>
            {from(architecture.data)}
            {source.kind === 'onnx' && source.report.producer ? ` by ${source.report.producer}` : ''} · {exact(counts.layers)} layers ·
            registered {moment(createdAt)}
          </>
        }
        calls={[
          {
            what: 'Its costs, layer by layer, as on this page',
            path: paths.costs(id, costView),
            graphql: `{ architecture(id: "${id}") { name costs(convention: "${view.convention}", batch: ${batch}) { totals { params macs flops memoryKiB } layers { id type outputShape memoryKiB params flops } } } }`,
          },
          { what: 'Its graph', path: paths.graph(id) },
          { what: 'What would be cheaper', path: paths.advice(id, batch) },
          { what: 'A split over devices', path: paths.placement(id, { ...costView, devices: view.devices, by: view.split }) },
          {
            what: 'What a rewrite would change',
            path: paths.rewrites(id),
            method: 'POST',
            body: { recipe: recipe.length > 0 ? recipe : [{ rewrite: 'depthwiseSeparable' }], preview: true },
          },
          ...(view.convention === 'lecture'
            ? []
            : [{ what: 'Why the conventions differ', path: paths.explain(id, 'lecture', view.convention, batch) }]),
        ]}
      >
        <QueueRun architectureId={id} />
        <Button variant="default" size="xs" component={Link} href={`/compare/architectures?architectures=${id}`}>
          Compare
        </Button>
        <Menu>
          <Menu.Target>
            <Button variant="default" size="xs">
              Export
            </Button>
          </Menu.Target>
          <Menu.Dropdown>
            {formats.map((format) => (
              <Menu.Item key={format} component="a" href={`/v1/architectures/${id}/export?format=${format}`} download>
                {format.toUpperCase()}
              </Menu.Item>
            ))}
          </Menu.Dropdown>
        </Menu>
      </Header>
      <Controls view={view} set={set} />
      {costs.error && <Refused error={costs.error} />}
      {costs.data && (
        <div style={{ opacity: costs.isPlaceholderData ? 0.6 : 1 }}>
          <Totals costs={costs.data} />
          <Predicted id={id} batch={batch} resolution={view.resolution} />
          {view.convention !== 'lecture' && <Why id={id} to={view.convention} batch={batch} />}
          <Tabs value={view.tab} onChange={(tab) => tab && set({ tab })} mt="md" keepMounted={false}>
            <Tabs.List mb="sm">
              <Tabs.Tab value="table">Table</Tabs.Tab>
              <Tabs.Tab value="graph">Graph</Tabs.Tab>
              <Tabs.Tab value="memory">Memory over time</Tabs.Tab>
              <Tabs.Tab value="field">Receptive field</Tabs.Tab>
              <Tabs.Tab value="advice">Advice</Tabs.Tab>
              <Tabs.Tab value="rewrite">Rewrite</Tabs.Tab>
              <Tabs.Tab value="placement">Placement</Tabs.Tab>
            </Tabs.List>
            <Tabs.Panel value="table">
              <div className="card" style={{ marginBottom: '1rem' }}>
                <LayerBars rows={drawn} convention={costs.data.convention} picked={view.layer} onPick={pick} />
              </div>
              <CostTable
                rows={rows}
                all={all.length}
                costs={costs.data}
                picked={view.layer}
                onPick={pick}
                onShow={(to) => set({ rows: to })}
              />
            </Tabs.Panel>
            <Suspense fallback={<Loading />}>
              <Tabs.Panel value="graph">
                <GraphView id={id} rows={all} picked={view.layer} color={view.color} onColor={(color) => set({ color })} onPick={pick} />
              </Tabs.Panel>
              <Tabs.Panel value="memory">
                <MemoryLine rows={all} batch={batch} peak={costs.data.totals.peakActivationBytes} />
              </Tabs.Panel>
              <Tabs.Panel value="field">
                <ReceptiveField rows={all} inputs={costs.data.inputs} picked={view.layer} onPick={pick} />
              </Tabs.Panel>
            </Suspense>
            <Tabs.Panel value="advice">
              <AdviceView
                id={id}
                batch={batch}
                onPick={(layer) => set({ layer, tab: 'table', rows: 'all' })}
                onTry={(rewrite) => set({ tab: 'rewrite', recipe: JSON.stringify([{ rewrite }]) })}
              />
            </Tabs.Panel>
            <Tabs.Panel value="rewrite">
              <RewriteView
                id={id}
                convention={view.convention}
                batch={batch}
                recipe={recipe}
                onChange={(to) => set({ recipe: JSON.stringify(to) })}
              />
            </Tabs.Panel>
            <Tabs.Panel value="placement">
              <PlacementView id={id} costs={costView} choice={view} onChange={set} />
            </Tabs.Panel>
          </Tabs>
        </div>
      )}
      {!costs.data && !costs.error && <Loading />}
    </>
  )
}
