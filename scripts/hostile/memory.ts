import { readdirSync, readFileSync } from 'node:fs'

/** Pids of the process and of all that descend from it. */
export function processTree(pid: number): number[] {
  const found = [pid]
  for (let i = 0; i < found.length; i++)
    try {
      // A process is listed under the thread that started it.
      for (const thread of readdirSync(`/proc/${found[i]}/task`))
        found.push(...readFileSync(`/proc/${found[i]}/task/${thread}/children`, 'utf8').split(' ').filter(Boolean).map(Number))
    } catch {
      // Ended meanwhile.
    }
  return found
}

/** A figure of proc_pid_status(5), bytes; 0 where the process is gone. */
export function statusBytes(pid: number, field: 'VmRSS' | 'VmHWM'): number {
  try {
    const kib = new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
    return Number(kib ?? 0) * 1024
  } catch {
    return 0
  }
}
