import type { Difference } from '../comparison.ts'
import type { RunEnvironment } from '../contract.ts'
import { defaultSettings } from './settings.ts'

/** The conditions that decide a latency besides the network, each by the name it has in a run's environment. */
const conditions: readonly (keyof RunEnvironment)[] = [
  'host',
  'deviceUuid',
  'deviceName',
  'driver',
  'runtime',
  'runtimeVersion',
  'backend',
  'precision',
  'nodeVersion',
  'os',
  'threads',
]
const documents = ['runtimeOptions', 'settings'] as const
/** Changes the numbers, not the time. */
const without = new Set(['settings.seed'])

const shown = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value ?? null))

/** The conditions in which two runs differ: device, driver, runtime, clocks, settings, whether on purpose or unnoticed. */
export function differencesOf(a: RunEnvironment, b: RunEnvironment): Difference[] {
  const pairs: [string, unknown, unknown][] = conditions.map((name) => [name, a[name], b[name]])
  for (const name of documents) {
    // A setting that came after a run was made had its default there.
    const known = name === 'settings' ? defaultSettings : {}
    const [left, right] = [{ ...known, ...a[name] } as Record<string, unknown>, { ...known, ...b[name] } as Record<string, unknown>]
    for (const key of new Set([...Object.keys(left), ...Object.keys(right)])) pairs.push([`${name}.${key}`, left[key], right[key]])
  }
  pairs.push(['cpu.governor', a.cpu.governor, b.cpu.governor])
  return pairs
    .filter(([what, left, right]) => !without.has(what) && shown(left) !== shown(right))
    .map(([what, left, right]) => ({ what, a: shown(left), b: shown(right) }))
}
