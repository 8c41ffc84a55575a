import { CliError } from './failure.ts'

export { showBytes, showCount, showMs } from '../engine/quantity.ts'

const powers: Readonly<Record<string, number>> = {
  '': 1,
  k: 1e3,
  m: 1e6,
  g: 1e9,
  t: 1e12,
  ki: 2 ** 10,
  mi: 2 ** 20,
  gi: 2 ** 30,
  ti: 2 ** 40,
}

/**
 * A number as people write budgets: `4.2G`, `26M`, `30MiB`, `120 kB`, `4200000000`. K, M, G, T are powers of 1000, Ki, Mi,
 * Gi, Ti of 1024; a B for bytes may follow. @throws CliError saying how it is written.
 */
export function readQuantity(text: string): number {
  const [, digits, unit] = /^\s*(\d+(?:\.\d+)?(?:e\d+)?)\s*([kmgt]i?)?b?\s*$/i.exec(text) ?? []
  const value = digits === undefined ? Number.NaN : Number(digits) * powers[(unit ?? '').toLowerCase()]!
  if (!Number.isFinite(value)) throw new CliError(`"${text}" is no quantity: write 4.2G, 26M, 30MiB or 4200000000`)
  return value
}

/** `5%` or `0.05` as 0.05. @throws CliError saying how it is written. */
export function readPart(text: string): number {
  const [, digits, percent] = /^\s*(\d+(?:\.\d+)?)\s*(%)?\s*$/.exec(text) ?? []
  if (digits === undefined) throw new CliError(`"${text}" is no tolerance: write 5% or 0.05`)
  const part = Number(digits) / (percent ? 100 : 1)
  // A percent sign that was forgotten would open a budget gate.
  if (part > 1 && !percent)
    throw new CliError(
      `a tolerance of ${text} would be ${text} times the baseline: write ${text}%, or ${Number(digits) * 100}% where that is meant`,
    )
  return part
}

/** A part for people: `12.3 %`. */
export const showPart = (value: number): string => `${(100 * value).toFixed(1)} %`
/** A quotient for people: `×2.25`. */
export const showRatio = (value: number | null): string =>
  value === null ? '' : `×${value >= 100 ? value.toFixed(0) : value.toPrecision(3)}`
/** An exact count: `4,089,184,256`. */
export const showExact = (value: number): string => value.toLocaleString('en-US')
