import type { Metric, MetricValue, Registry } from 'prom-client'

/** Upper bounds, seconds. */
const bounds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10] as const
const name = 'http_request_duration_seconds'

interface Series {
  labels: { method: string; route: string; status: number }
  /** Requests up to each bound and above the one before; the last entry counts those above every bound. */
  counts: number[]
  sum: number
}

/**
 * Time to answer a request, by route, in prom-client's form. prom-client's own histogram looks the series up by all labels
 * at every observation, which takes longer than all other bookkeeping of a request.
 */
export class HttpHistogram {
  readonly #series = new Map<string, Series>()

  constructor(registry: Registry) {
    registry.registerMetric({ name, get: async () => this.#metric(), reset: () => this.#series.clear() } as unknown as Metric)
  }

  /** One answered request. `route` is the pattern, never the address, since each id would make a series of its own. */
  observe(method: string, route: string, status: number, seconds: number): void {
    const key = `${method} ${status} ${route}`
    let series = this.#series.get(key)
    if (!series)
      this.#series.set(key, (series = { labels: { method, route, status }, counts: new Array(bounds.length + 1).fill(0), sum: 0 }))
    let bucket = 0
    while (bucket < bounds.length && seconds > bounds[bucket]!) bucket++
    series.counts[bucket]! += 1
    series.sum += seconds
  }

  #metric() {
    const values: (MetricValue<string> & { metricName: string })[] = []
    for (const { labels, counts, sum } of this.#series.values()) {
      let total = 0
      counts.forEach((count, i) => {
        total += count
        values.push({ metricName: `${name}_bucket`, labels: { ...labels, le: bounds[i] ?? '+Inf' }, value: total })
      })
      values.push({ metricName: `${name}_sum`, labels, value: sum }, { metricName: `${name}_count`, labels, value: total })
    }
    return { name, help: 'Time to answer a request, by route.', type: 'histogram', values, aggregator: 'sum' }
  }
}
