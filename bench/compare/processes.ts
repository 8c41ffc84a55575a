/** What a process and all that it started hold in memory, by /proc. */
import { readdirSync, readFileSync } from 'node:fs'
import { Skipped } from '../figure.ts'

/** A process and its descendants. @throws Skipped where there is no /proc. */
export function familyOf(pid: number): number[] {
  const children = new Map<number, number[]>()
  let names: string[]
  try {
    names = readdirSync('/proc')
  } catch {
    throw new Skipped('memory is read from /proc, which is not here')
  }
  for (const name of names.filter((each) => /^\d+$/.test(each))) {
    try {
      // The name of the program stands in parentheses and may hold some itself.
      const parent = Number(/\) \S (\d+)/.exec(readFileSync(`/proc/${name}/stat`, 'utf8').replace(/\(.*\)/s, '()'))![1])
      children.set(parent, [...(children.get(parent) ?? []), Number(name)])
    } catch {
      // It has ended.
    }
  }
  const family = [pid]
  for (const each of family) family.push(...(children.get(each) ?? []))
  return family
}

/** Of a process and its descendants, MB (10⁶ bytes): `Pss` counts a page shared by n of them as 1/n, `Rss` whole. */
export function megabytes(pid: number, what: 'Pss' | 'Rss'): number {
  let kib = 0
  for (const each of familyOf(pid))
    try {
      kib += Number(new RegExp(`^${what}:\\s+(\\d+) kB`, 'm').exec(readFileSync(`/proc/${each}/smaps_rollup`, 'utf8'))![1])
    } catch {
      // It has ended.
    }
  return (kib * 1024) / 1e6
}
