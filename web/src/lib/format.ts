/** How figures are written. The exact one goes into the title of what shows it. */

const whole = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 })

/** Every digit, with separators: 72,855,552. */
export const exact = (value: number): string => (Number.isInteger(value) ? whole.format(value) : String(value))

/** Three figures, no exponent: 0.0125, 1.25, 72.9, 784. */
export function short(value: number | null | undefined): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return '–'
  if (value === 0) return '0'
  const size = Math.abs(value)
  if (size >= 100) return whole.format(value)
  return String(Number(value.toPrecision(3)))
}

const steps: [number, string][] = [
  [1e15, 'P'],
  [1e12, 'T'],
  [1e9, 'G'],
  [1e6, 'M'],
  [1e3, 'k'],
]

/** 4.09 G, 25.6 M: the unit follows in the text. */
export function scaled(value: number): string {
  const step = steps.find(([size]) => Math.abs(value) >= size)
  return step ? `${short(value / step[0])} ${step[1]}` : short(value)
}

/** Bytes by 1024: 3.83 MiB. */
export function bytes(value: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB']
  let at = 0
  let rest = value
  while (rest >= 1024 && at < units.length - 1) {
    rest /= 1024
    at++
  }
  return `${short(rest)} ${units[at]}`
}

/** A time in the unit that reads best: 0.85 ms, 12.4 ms, 3.1 s, 4 min. */
export function duration(ms: number | null | undefined): string {
  if (ms === null || ms === undefined) return '–'
  if (ms < 1) return `${short(ms * 1000)} µs`
  if (ms < 1000) return `${short(ms)} ms`
  if (ms < 60_000) return `${short(ms / 1000)} s`
  const minutes = Math.floor(ms / 60_000)
  return minutes < 60 ? `${minutes} min ${Math.round((ms % 60_000) / 1000)} s` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`
}

const clock = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit' })
const day = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit' })

/** A text that stays on one line. */
export const unbroken = (text: string): string => text.replace(/ /g, '\u00a0')

/** 14:05 today, 3 Nov, 14:05 before. */
export function moment(iso: string): string {
  const at = new Date(iso)
  return unbroken(at.toDateString() === new Date().toDateString() ? clock.format(at) : day.format(at))
}

export const shape = (dims: readonly number[]): string => dims.join('×')

/** One number where all are the same, otherwise all: 3, 3×5. */
export const same = (values: readonly number[] | undefined): string =>
  !values || values.length === 0 ? '' : values.every((value) => value === values[0]) ? String(values[0]) : values.join('×')

/** A share as a percentage; below a hundredth of one, only that. */
export const percent = (share: number): string => (share > 0 && share < 0.0001 ? 'under 0.01 %' : `${short(share * 100)} %`)
