import { isRecord } from '../../read-spec.ts'
import { pointer, show } from '../../schema-violations.ts'
import { KerasFault } from './fault.ts'

const largest = 2 ** 31 - 1
const isSize = (value: unknown, least: number): value is number =>
  Number.isInteger(value) && (value as number) >= least && (value as number) <= largest

/** Reads a layer's `config`, key by key; every method throws KerasFault with the key and what would be right. */
export class Config {
  readonly #values: Record<string, unknown>

  constructor(config: unknown) {
    if (!isRecord(config)) throw new KerasFault(`config is ${show(config)}, but must be an object`, '/config')
    this.#values = config
  }

  /** A value as it is; undefined where it is absent or null. */
  value(key: string): unknown {
    return Object.hasOwn(this.#values, key) ? (this.#values[key] ?? undefined) : undefined
  }

  wrong(key: string, wanted: string): KerasFault {
    return new KerasFault(`${key} is ${show(this.value(key))}, but must be ${wanted}`, `/config/${pointer(key)}`)
  }

  /** A positive integer. */
  size(key: string, otherwise?: number): number {
    const value = this.value(key) ?? otherwise
    if (!isSize(value, 1)) throw this.wrong(key, 'a positive integer')
    return value
  }

  flag(key: string, otherwise: boolean): boolean {
    const value = this.value(key) ?? otherwise
    if (typeof value !== 'boolean') throw this.wrong(key, 'true or false')
    return value
  }

  number(key: string, otherwise: number): number {
    const value = this.value(key) ?? otherwise
    if (typeof value !== 'number' || !Number.isFinite(value)) throw this.wrong(key, 'a number')
    return value
  }

  /** A number, or a list of at most 1024, which may lie in lists of one. */
  constant(key: string, otherwise: number): number | number[] {
    let value = this.value(key) ?? otherwise
    while (Array.isArray(value) && value.length === 1) value = value[0]
    const list = Array.isArray(value) ? value : [value]
    if (list.length < 1 || list.length > 1024 || !list.every((each) => typeof each === 'number' && Number.isFinite(each)))
      throw this.wrong(key, 'a number, or a list of numbers, one for each channel')
    return Array.isArray(value) ? (list as number[]) : (value as number)
  }

  word<W extends string>(key: string, words: readonly W[], otherwise: W): W {
    const value = this.value(key) ?? otherwise
    if (!words.includes(value as W)) throw this.wrong(key, `one of ${words.map((word) => JSON.stringify(word)).join(', ')}`)
    return value as W
  }

  /** One positive integer for each of `n` axes: a number for all of them, or a list. */
  sizes(key: string, n: number, otherwise?: readonly number[]): number[] {
    const value = this.value(key) ?? otherwise
    const list = typeof value === 'number' ? new Array<number>(n).fill(value) : value
    if (!Array.isArray(list) || list.length !== n || !list.every((size) => isSize(size, 1)))
      throw this.wrong(key, n === 1 ? 'a positive integer, or a list of one' : `a positive integer, or a list of ${n}`)
    return list as number[]
  }

  /** Integers, at most seven, each at least `least`. */
  integers(key: string, least: number): number[] {
    const value = this.value(key)
    const list = typeof value === 'number' ? [value] : value
    if (!Array.isArray(list) || list.length > 7 || !list.every((size) => isSize(size, least)))
      throw this.wrong(key, `a list of at most seven integers of at least ${least}`)
    return list as number[]
  }

  /** One axis, as a number or, as Keras 2 writes it, a list of one. */
  axis(key: string, otherwise: number): number {
    const value = this.value(key) ?? otherwise
    const axis = Array.isArray(value) && value.length === 1 ? value[0] : value
    if (!Number.isInteger(axis) || Math.abs(axis as number) > 8) throw this.wrong(key, 'one axis, such as -1')
    return axis as number
  }

  /** Before and after, for each of `n` axes: a number, a number an axis, or a pair an axis. */
  borders(key: string, n: number): [number, number][] {
    const value = this.value(key)
    const list = Array.isArray(value) ? value : new Array(n).fill(value)
    // In one dimension Keras writes the pair itself.
    const axes = n === 1 && list.length === 2 ? [list] : list
    const pairs = axes.length === n ? axes.map((each: unknown) => (Array.isArray(each) ? each : [each, each])) : []
    if (pairs.length !== n || !pairs.every((each: unknown[]) => each.length === 2 && each.every((size) => isSize(size, 0))))
      throw this.wrong(key, `a number, or [before, after] for each of ${n} axes`)
    return pairs as [number, number][]
  }
}
