/** A Prometheus of one's own on a service, for tests: found, started in a folder that goes again, asked over its HTTP API. */
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parse, stringify } from 'yaml'

/** Seconds between two scrapes, and for one of them. Compose has 15, which would make a test last minutes. */
export const scrapeSeconds = 3

export interface Series {
  metric: Record<string, string>
  /** Time in seconds and value; of an instant query a single one. */
  values: [number, number][]
}

/** Of Prometheus, which writes values as text. */
interface Answer {
  error?: string
  data?: { result: { metric: Record<string, string>; value?: [number, string]; values?: [number, string][] }[] }
}

export interface Prometheus {
  version: string
  /** Every series at this moment. */
  now(expression: string): Promise<Series[]>
  /** Every series since the start, a value a second. */
  range(expression: string): Promise<Series[]>
  stop(): Promise<void>
}

/** What `prometheus --version` and `promtool --version` say first; null where one of them is missing. */
export function installed(): string | null {
  try {
    for (const tool of ['promtool', 'prometheus']) execFileSync(tool, ['--version'], { stdio: 'pipe' })
    return execFileSync('prometheus', ['--version'], { encoding: 'utf8', stdio: 'pipe' }).split('\n')[0]!.split(' (')[0]!
  } catch {
    return null
  }
}

const freePort = async (): Promise<number> => {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  server.close()
  return port
}

/** compose's configuration, the containers that it looks up by name replaced by the service at `target` (host:port). */
function configuration(target: string): object {
  const config = parse(readFileSync(resolve(import.meta.dirname, '../../docker/prometheus.yml'), 'utf8'))
  config.global.scrape_interval = `${scrapeSeconds}s`
  for (const job of config.scrape_configs) {
    delete job.dns_sd_configs
    job.static_configs = [{ targets: [target], labels: { __meta_dns_name: 'api' } }]
  }
  return config
}

/** @throws Error where `promtool` finds a fault in the configuration, or Prometheus is not ready within a minute. */
export async function startPrometheus(version: string, service: string): Promise<Prometheus> {
  const folder = mkdtempSync(join(tmpdir(), 'archmeter-prometheus-'))
  const file = join(folder, 'prometheus.yml')
  writeFileSync(file, stringify(configuration(new URL(service).host)))
  copyFileSync(resolve(import.meta.dirname, '../../docker/alerts.yml'), join(folder, 'alerts.yml'))
  execFileSync('promtool', ['check', 'config', file], { stdio: 'pipe' })
  const address = `127.0.0.1:${await freePort()}`
  const flags = [`--config.file=${file}`, `--storage.tsdb.path=${join(folder, 'data')}`, `--web.listen-address=${address}`]
  const child = spawn('prometheus', [...flags, '--log.level=warn'], { stdio: ['ignore', 'inherit', 'inherit'] })
  const began = Date.now() / 1000
  const ask = async (path: string, query: Record<string, string>): Promise<Series[]> => {
    const answer = (await (await fetch(`http://${address}/api/v1/${path}?${new URLSearchParams(query)}`)).json()) as Answer
    if (!answer.data) throw new Error(`${query.query}: ${answer.error}`)
    return answer.data.result.map(({ metric, value, values = [value!] }) => ({
      metric,
      values: values.map(([time, figure]): [number, number] => [time, Number(figure)]),
    }))
  }
  const stop = async () => {
    if (child.exitCode === null) {
      child.kill('SIGTERM')
      await once(child, 'exit')
    }
    rmSync(folder, { recursive: true, force: true })
  }
  for (let i = 0; i < 300; i++) {
    const ready = await fetch(`http://${address}/-/ready`).catch(() => null)
    if (ready?.ok)
      return {
        version,
        now: (query) => ask('query', { query }),
        range: (query) => ask('query_range', { query, start: String(began), end: String(Date.now() / 1000), step: '1' }),
        stop,
      }
    await sleep(200)
  }
  await stop()
  throw new Error('Prometheus is not ready after a minute')
}
