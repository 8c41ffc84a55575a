/** The dashboard of docker/grafana and the rules of docker/alerts.yml ask only for what the service has: names and labels of its real metrics. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { after, before, test } from 'node:test'
import { parse } from 'yaml'
import { openTestApi, smallNetwork, type TestApi } from './api/helper.ts'

const read = (file: string): string => readFileSync(resolve(import.meta.dirname, '../docker', file), 'utf8')
interface Panel {
  title: string
  description?: string
  datasource: { uid: string }
  targets: { expr: string }[]
}
const dashboard: { uid: string; panels: Panel[]; templating: { list: { name: string; definition: string }[] } } = JSON.parse(
  read('grafana/dashboards/archmeter.json'),
)
const queries = [
  ...dashboard.panels.flatMap(({ title, targets }) => targets.map(({ expr }): [string, string] => [title, expr])),
  ...dashboard.templating.list.map(({ name, definition }): [string, string] => [
    name,
    definition.replace(/^label_values\((\w+), (\w+)\)$/, 'max by ($2) ($1)'),
  ]),
  ...(parse(read('alerts.yml')) as { groups: { rules: { alert: string; expr: string }[] }[] }).groups.flatMap(({ rules }) =>
    rules.map(({ alert, expr }): [string, string] => [alert, expr]),
  ),
]

/** Metric → names of its labels, those that Prometheus adds among them. */
const metrics = new Map<string, Set<string>>([['up', new Set(['job', 'instance', 'service'])]])
let api: TestApi
before(async () => {
  api = await openTestApi()
  api.worker.autoMs = 1
  const { id } = (await api.request.post('/v1/architectures').send(smallNetwork(4)).expect(201)).body
  const run = (await api.request.post('/v1/runs').send({ architectureId: id, device: 'cpu:0', runtime: 'onnxruntime' })).body
  assert.equal((await api.request.get(`/v1/runs/${run.id}?wait=30`)).body.status, 'succeeded')
  const { text } = await api.request.get('/metrics').expect(200)
  for (const [, name, labels = ''] of text.matchAll(/^([a-z_][\w]*)(?:\{(.*)\})? /gm)) {
    const known = metrics.get(name!) ?? new Set(['job', 'instance', 'service'])
    for (const [, label] of labels.matchAll(/(\w+)="/g)) known.add(label!)
    metrics.set(name!, known)
  }
  // Of the queue there are series only while a run waits, so by its help alone.
  if (/^# TYPE archmeter_queue_runs gauge$/m.test(text) && !metrics.has('archmeter_queue_runs'))
    metrics.set('archmeter_queue_runs', new Set(['device', 'host', 'state']))
})
after(() => api.close())

test('every query names metrics that the service has, and labels that they have', () => {
  assert.ok(queries.length > 15)
  for (const [title, query] of queries) {
    const bare = query.replace(/"[^"]*"/g, '""')
    const names = [...bare.matchAll(/\b[a-z]\w*_\w+\b|\bup\b/g)]
      .map(([name]) => name)
      .filter((name) => name !== 'histogram_quantile' && name !== '__rate_interval')
    assert.ok(names.length > 0, title)
    const labels = [
      ...[...bare.matchAll(/(\w+)\s*(?:=~|!~|!=|=)\s*""/g)].map(([, label]) => label!),
      ...[...bare.matchAll(/\bby \(([^)]*)\)/g)].flatMap(([, list]) => list!.split(',').map((each) => each.trim())),
    ]
    for (const name of names) {
      const known = metrics.get(name)
      assert.ok(known, `${title}: the service has no metric ${name}`)
      for (const label of labels) assert.ok(known.has(label), `${title}: ${name} has no label ${label}`)
    }
  }
})

test('panels, data source and folders fit what compose mounts', () => {
  const [source] = parse(read('grafana/provisioning/datasources/prometheus.yml')).datasources
  assert.equal(source.url, 'http://prometheus:9090')
  for (const panel of dashboard.panels) {
    assert.equal(panel.datasource.uid, source.uid, panel.title)
    assert.ok(panel.description, panel.title)
  }
  const { grafana } = parse(read('compose.yml')).services
  const [provider] = parse(read('grafana/provisioning/dashboards/archmeter.yml')).providers
  assert.ok(grafana.volumes.includes(`./grafana/dashboards:${provider.options.path}:ro`))
  assert.ok(grafana.volumes.includes('./grafana/provisioning:/etc/grafana/provisioning:ro'))
  assert.equal(grafana.environment.GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH, `${provider.options.path}/archmeter.json`)
})
