/**
 * Names of processes, by which one process can tell whether another still runs: at once on the same host, not at all
 * elsewhere. They mark the owners of runs and of temporary files.
 */
import { readFileSync, readlinkSync } from 'node:fs'
import { hostname } from 'node:os'

const read = (get: () => string): string => {
  try {
    return get()
  } catch {
    return ''
  }
}
/** Changes with every boot; empty where the system has no such file. */
const bootId = () => read(() => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim())
/** A pid is unique only within its namespace: containers of one host count separately. */
const pidNamespace = () => read(() => readlinkSync('/proc/self/ns/pid').replace(/\D/g, ''))
/** Clock ticks from boot to the start of the process (field 22 of /proc/<pid>/stat): tells a reused pid apart. */
const startTicks = (pid: number) =>
  read(() => {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? ''
  })

/** Host, boot, pid namespace, pid and start of a process. */
export type ProcessName = readonly [host: string, boot: string, namespace: string, pid: string, ticks: string]

/** The name of this process. */
export const ownName = (): ProcessName => [hostname(), bootId(), pidNamespace(), String(process.pid), startTicks(process.pid)]

/** The state of the process with that name. `unknown`: it belongs to another host or container, or the name is not valid. */
export function fateOf(name: readonly string[]): 'alive' | 'gone' | 'unknown' {
  const [host, boot, namespace, pid, ticks] = name
  if (name.length !== 5 || host !== hostname()) return 'unknown'
  if (boot !== bootId()) return boot === '' ? 'unknown' : 'gone'
  if (namespace !== pidNamespace()) return 'unknown'
  if (ticks) return startTicks(Number(pid)) === ticks ? 'alive' : 'gone'
  try {
    process.kill(Number(pid), 0)
    return 'alive'
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH' ? 'gone' : 'alive'
  }
}
