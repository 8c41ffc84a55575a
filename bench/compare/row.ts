/** A line of the table: one quantity of two builds, measured in turns in one run. */
import { median, show } from '../figure.ts'
import type { Trees } from './tree.ts'

export interface Row {
  what: string
  unit: string
  /** Null where the older build cannot do it, with the reason in `note`. */
  before: number | null
  now: number
  /** What is held against the aim, and how it reads: a share of the older build, or a figure of this one. */
  held: number
  aim: string
  met: boolean
  note?: string
}

/** Rows that share a set-up, under a name by which the command line chooses them. */
export interface Part {
  name: string
  run(trees: Trees): Promise<Row[]>
}

/** A row whose aim is a share of the older build's figure: at most, or at least where more is better. */
export function share(
  row: { what: string; unit: string; note?: string },
  before: number,
  now: number,
  aim: { atMost?: number; atLeast?: number },
): Row {
  const held = now / before
  const { atMost, atLeast } = aim
  const aims = atMost === undefined ? `≥ ${atLeast} × before` : `≤ ${atMost} × before`
  return { ...row, before, now, held, aim: aims, met: atMost === undefined ? held >= atLeast! : held <= atMost }
}

/** Takes a figure of both builds in turns, `rounds` times each, and gives the middle of each. */
export async function inTurns(trees: Trees, rounds: number, measure: (tree: Trees[number]) => Promise<number>): Promise<[number, number]> {
  const taken: [number[], number[]] = [[], []]
  for (let round = 0; round < rounds; round++)
    // Who goes first changes, so that a machine that slows down spoils neither.
    for (const which of round % 2 === 0 ? ([0, 1] as const) : ([1, 0] as const)) taken[which].push(await measure(trees[which]))
  return [median(taken[0]), median(taken[1])]
}

/** The table as Markdown. */
export function table(commit: string, rows: readonly Row[]): string {
  const line = ({ what, unit, before, now, held, aim, met, note }: Row) =>
    `| ${what} | ${before === null ? 'none' : `${show(before)} ${unit}`} | ${show(now)} ${unit} | ${show(held)} | ${aim} | ${met ? 'yes' : '**no**'} | ${note ?? ''} |`
  return [`| what | ${commit} | now | ratio | aim | met | how |`, '|---|---|---|---|---|---|---|', ...rows.map(line)].join('\n')
}
