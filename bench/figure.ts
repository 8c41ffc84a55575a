/** What a benchmark reports: a figure beside its yardstick, both measured in the same run, and the aim between them. */
export interface Figure {
  name: string
  value: number
  unit: string
  /** What the figure is read against: something a reader knows the worth of, measured in alternation with it. */
  yardstick: { name: string; value: number; unit: string }
  /** In words, e.g. `under 1 ms`. */
  aim: string
  met: boolean
  /** What else a reader needs: sample counts, spread, both medians. */
  note?: string
}

/** Why a benchmark cannot run on this machine. */
export class Skipped extends Error {}

/** One benchmark: a file of this folder exports it as `benchmark`, and `run.ts` has its line. */
export interface Benchmark {
  name: string
  run(): Promise<Figure[]>
}

/** The middle of a list that is left as it is. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}

/** Standard error of the median of a sample, its spread taken from the median absolute deviation (1.4826 and 1.2533: normal). */
export function errorOfMedian(values: readonly number[]): number {
  const middle = median(values)
  return (1.2533 * 1.4826 * median(values.map((value) => Math.abs(value - middle)))) / Math.sqrt(values.length)
}

/** Four significant digits at most, thousands grouped. */
export const show = (value: number): string => new Intl.NumberFormat('en-GB', { maximumSignificantDigits: 4 }).format(value)

/** One figure on two lines. */
export function format(figure: Figure): string {
  const { name, value, unit, yardstick, aim, met, note } = figure
  return [
    `${met ? 'met   ' : 'MISSED'} ${name}: ${show(value)} ${unit} (aim: ${aim})`,
    `         beside ${yardstick.name}: ${show(yardstick.value)} ${yardstick.unit}${note ? `; ${note}` : ''}`,
  ].join('\n')
}

/** Its figures; none where it says why it cannot run here. */
export async function figuresOf({ run }: Benchmark): Promise<Figure[]> {
  try {
    return await run()
  } catch (cause) {
    if (!(cause instanceof Skipped)) throw cause
    console.log(`skipped: ${cause.message}`)
    return []
  }
}

/** For `node bench/<file>.ts`: runs the benchmark where its file is the program, not where `run.ts` imports it. */
export async function runIfMain(benchmark: Benchmark, isMain: boolean): Promise<void> {
  if (!isMain) return
  for (const figure of await figuresOf(benchmark)) console.log(format(figure))
}
