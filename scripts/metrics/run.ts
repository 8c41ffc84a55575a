/**
 * `npm run test:metrics`: a real Prometheus scrapes a service that times runs, and answers every query of the Grafana dashboard as
 * Grafana would ask it. Each must have data, and the counts be those of what was run. `promtool` reads `/metrics` too. Says
 * `skipped: why` and exits with 77 where there is no Prometheus.
 */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readFileSync, rmSync } from 'node:fs'
import { resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { call, startService } from '../web/tour.ts'
import { installed, type Prometheus, type Series, scrapeSeconds, startPrometheus } from './prometheus.ts'

const version = installed()
if (!version) {
  console.log('skipped: no prometheus and promtool here (Debian: apt-get install prometheus)')
  process.exit(77)
}

interface Panel {
  title: string
  type: 'stat' | 'timeseries'
  targets: { expr: string }[]
}
interface Dashboard {
  panels: Panel[]
  templating: { list: { name: string; definition: string }[] }
}
const file = resolve(import.meta.dirname, '../../docker/grafana/dashboards/archmeter.json')
const dashboard: Dashboard = JSON.parse(readFileSync(file, 'utf8'))

const succeeding = 3
const service = await startService()
let prometheus: Prometheus | null = null
try {
  prometheus = await startPrometheus(version, service.url)
  // As one that was there before the runs: some scrapes of a service at rest, whose series are there once its devices are known.
  const atRest = 'min(count_over_time(archmeter_runs_ended_total{status="succeeded"}[1m])) > 2'
  await until('scrapes of a service at rest', async () => (await prometheus!.now(atRest)).length > 0)
  // Read on, since an answer that nobody reads is closed.
  const watching = new AbortController()
  const { body } = await fetch(`${service.url}/v1/events`, { signal: watching.signal })
  const watched = body!.pipeTo(new WritableStream()).catch(() => {})
  await work()
  const canceled = 'archmeter_runs_ended_total{status="cancelled"} > 0'
  const all = `sum(archmeter_queue_runs{state=~"running|waiting"}) == 2 and sum(archmeter_event_streams) == 1 and sum(${canceled})`
  await until('a scrape of what there is now', async () => (await prometheus!.now(all)).length > 0)
  await check(prometheus)
  watching.abort()
  await watched
  lint(await (await fetch(`${service.url}/metrics`)).text())
  alerts()
  console.log('all of it holds')
} catch (error) {
  console.log(`FAILED: ${(error as Error).stack}`)
  process.exitCode = 1
} finally {
  await prometheus?.stop()
  await service.stop()
  rmSync(service.dataDir, { recursive: true, force: true })
}

async function until(what: string, holds: () => Promise<boolean>): Promise<void> {
  for (let i = 0; i < 300; i++) {
    if (await holds()) return
    await sleep(500)
  }
  throw new Error(`waited for ${what} in vain`)
}

/** Runs that succeed, one that is canceled while it is timed; then one that is timed and one that waits. */
async function work(): Promise<void> {
  const { id } = await call(service.url, '/v1/architectures', { name: 'small', zoo: { preset: 'squeezenet1_1' } })
  const queue = (minDurationMs: number): Promise<{ id: string }> =>
    call(service.url, '/v1/runs', {
      architectureId: id,
      device: 'cpu:0',
      runtime: 'onnxruntime',
      settings: { warmupMs: 200, minDurationMs, maxDurationMs: Math.max(minDurationMs, 3000) },
    })
  const state = async (run: string): Promise<string> => (await call(service.url, `/v1/runs/${run}`)).status
  for (let i = 0; i < succeeding; i++) {
    const run = await queue(800)
    await until('a run to succeed', async () => (await state(run.id)) === 'succeeded')
  }
  const canceled = await queue(500_000)
  const timed = await queue(500_000)
  await queue(500_000)
  await until('a run to be timed', async () => (await state(canceled.id)) === 'running')
  const answer = await fetch(`${service.url}/v1/runs/${canceled.id}`, { method: 'DELETE' })
  assert.ok(answer.ok, `cancel answered ${answer.status}`)
  await until('the next run', async () => (await state(timed.id)) === 'running')
}

/** What Grafana puts in for the variables: all hosts and devices, and four scrapes for the window of a rate. */
function filled(expression: string): string {
  const window = `${4 * scrapeSeconds}s`
  return expression.replaceAll('$__rate_interval', window).replaceAll('$host', '.*').replaceAll('$device', '.*')
}

function finite({ values }: Series): boolean {
  return values.some(([, value]) => Number.isFinite(value))
}

async function check(prometheus: Prometheus): Promise<void> {
  const shown = new Map<string, number>()
  const mute: string[] = []
  for (const { title, type, targets } of dashboard.panels)
    for (const { expr } of targets) {
      // Grafana asks for a range in both cases; a stat shows its last value.
      const series = (type === 'stat' ? await prometheus.now(filled(expr)) : await prometheus.range(filled(expr))).filter(finite)
      if (type === 'stat' && series[0]) shown.set(title, series[0].values[0]![1])
      if (series.length === 0) mute.push(`${title}: ${expr}`)
      else console.log(`ok: ${title}: ${series.length} series${type === 'stat' ? `, ${shown.get(title)}` : ''}`)
    }
  for (const { name, definition } of dashboard.templating.list) {
    const [, metric, label] = /^label_values\((\w+), (\w+)\)$/.exec(definition)!
    const values = (await prometheus.now(`count by (${label}) (${metric})`)).map(({ metric }) => metric[label!])
    if (values.length === 0 || values.includes(undefined)) mute.push(`variable ${name}: ${definition}`)
    else console.log(`ok: variable ${name}: ${values.join(', ')}`)
  }
  assert.deepEqual(mute, [], 'queries without data')
  assert.equal(shown.get('Running'), 1)
  assert.equal(shown.get('Waiting'), 1)
  assert.equal(shown.get('Services'), 1)
  assert.equal(shown.get('Event streams'), 1)
  // increase() extrapolates by up to a scrape at either end.
  const ended = shown.get('Ended in the last hour')!
  assert.ok(Math.abs(ended - succeeding - 1) < 0.5, `${succeeding + 1} runs ended, and the dashboard says ${ended}`)
  const without = shown.get('Without a result')!
  assert.ok(Math.abs(without - 1 / (succeeding + 1)) < 0.05, `one of ${succeeding + 1} has no result, and the dashboard says ${without}`)
  console.log(`ok: counts are those of what was run, by ${prometheus.version}`)
}

/** promtool on what the service writes itself. The names of Node's own metrics are prom-client's. */
function lint(metrics: string): void {
  const { status, stdout, stderr } = spawnSync('promtool', ['check', 'metrics'], { input: metrics, encoding: 'utf8' })
  const complaints = `${stdout}${stderr}`.split('\n').filter((line) => line && !/^(nodejs|process)_/.test(line))
  // 3: complaints of style alone.
  assert.ok(status === 0 || status === 3, `promtool ended with ${status}: ${complaints.join('\n')}`)
  assert.deepEqual(complaints, [])
  console.log('ok: promtool check metrics')
}

/** promtool on the alert rules, and on the cases that say when each must fire. */
function alerts(): void {
  for (const args of [
    ['check', 'rules', 'alerts.yml'],
    ['test', 'rules', 'alerts.test.yml'],
  ]) {
    const { status, stdout, stderr } = spawnSync('promtool', args, { cwd: resolve(import.meta.dirname, '../../docker'), encoding: 'utf8' })
    assert.equal(status, 0, `promtool ${args.join(' ')}: ${stdout}${stderr}`)
    console.log(`ok: promtool ${args.join(' ')}`)
  }
}
