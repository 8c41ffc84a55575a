/**
 * The name under which a service holds its runs. It says which process that was, so that another on the same host can
 * tell at once that it is gone; on other hosts its lease has to run out.
 */
import { randomBytes } from 'node:crypto'
import { readFileSync, readlinkSync } from 'node:fs'
import { hostname } from 'node:os'

/** Names handed out by this process and not given back. */
const alive = new Set<string>()

const read = (get: () => string): string => {
  try {
    return get()
  } catch {
    return ''
  }
}
/** Changes with every boot; empty where the system has no such file. */
const bootId = () => read(() => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim())
/** A pid means something within its namespace only: two containers of one host count apart. */
const pidNamespace = () => read(() => readlinkSync('/proc/self/ns/pid').replace(/\D/g, ''))
/** Clock ticks from boot to the start of the process (field 22 of /proc/<pid>/stat): tells a reused pid apart. */
const startTicks = (pid: number) =>
  read(() => {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? ''
  })

export function newOwner(): string {
  const owner = [hostname(), bootId(), pidNamespace(), process.pid, startTicks(process.pid), randomBytes(4).toString('hex')].join('|')
  alive.add(owner)
  return owner
}

export const retireOwner = (owner: string): void => void alive.delete(owner)

/** Whether the owner is known to be gone. False where this process cannot tell: another host, another container. */
export function isGone(owner: string): boolean {
  const [host, boot, namespace, pid, ticks] = owner.split('|')
  if (host !== hostname()) return false
  if (boot !== bootId()) return boot !== ''
  if (namespace !== pidNamespace()) return false
  if (Number(pid) === process.pid && ticks === startTicks(process.pid)) return !alive.has(owner)
  if (ticks) return startTicks(Number(pid)) !== ticks
  try {
    process.kill(Number(pid), 0)
    return false
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH'
  }
}
