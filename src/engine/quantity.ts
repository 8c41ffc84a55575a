/** How counts, bytes and times are written for people, at three figures. */

function scaled(value: number, base: 1000 | 1024, units: readonly string[]): string {
  let power = 0
  let rest = Math.abs(value)
  // Rounded first: 999,600 is 1.00 M, not 1000 k.
  while (Number(digitsOf(rest, power)) >= base && power < units.length - 1) {
    rest /= base
    power += 1
  }
  return `${value < 0 ? '-' : ''}${digitsOf(rest, power)}${units[power] === '' ? '' : ` ${units[power]}`}`
}

/** Whole numbers from 100 on, since `toPrecision` would write an exponent. */
const digitsOf = (rest: number, power: number): string =>
  power === 0 ? String(Math.round(rest * 100) / 100) : rest >= 100 ? String(Math.round(rest)) : rest.toPrecision(3)

/** A count: `4.09 G`. */
export const showCount = (value: number): string => scaled(value, 1000, ['', 'k', 'M', 'G', 'T', 'P'])
/** Bytes, by 1024: `30.5 MiB`. */
export const showBytes = (value: number): string => scaled(value, 1024, ['B', 'KiB', 'MiB', 'GiB', 'TiB'])
/** A time in ms: `1.23 ms`. */
export const showMs = (ms: number): string => `${Number(ms.toPrecision(3))} ms`
