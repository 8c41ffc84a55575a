import { EngineError } from '../../errors.ts'
import type { Shape } from '../../shape.ts'
import type { Constant, Element } from './constant.ts'
import { quote } from './fault.ts'
import { numelOfDims } from './shapes.ts'

/** Bytes of one element of a computed tensor: Float32Array, Float64Array. */
export const widthOf = (element: Element): number => (element === 'float' ? 4 : 8)

/** Numbers of a computed tensor, zeros at first. In memory beside the heap, where too many of them are an error and no crash. */
export const blankNumbers = (element: Element, length: number): Float32Array | Float64Array =>
  element === 'float' ? new Float32Array(length) : new Float64Array(length)

/** Bytes that the numbers of a tensor take. */
export const bytesOf = (element: Element, shape: Shape): number => widthOf(element) * numelOfDims(shape)

const MiB = 2 ** 20
/** What one step may make: far above what shapes, masks and tables take. */
const mostAtOnce = 128 * MiB
/** Numbers that are kept until the import is through, all together. */
const mostKept = 128 * MiB
/** Everything that is made, all together: what bounds the time. */
const mostWork = 512 * MiB
/** What the numbers of a parameter may take on the way, for each of its elements: a chain of some thirty steps. */
const mostPerElement = 256

/**
 * What one import may compute. Everything whose size the file chooses is taken from it before it is allocated: a file of
 * a hundred bytes can ask for constants of gigabytes.
 */
export class Budget {
  #kept = 0
  #work = 0

  /**
   * Takes `bytes` for numbers that are made and let go.
   * @param what they are made for, in words: `Slice node "cut"`.
   * @throws EngineError LIMIT_EXCEEDED naming it, the bytes and the bound.
   */
  take(bytes: number, what: string): void {
    this.fits(bytes, what)
    this.#work += bytes
    if (this.#work > mostWork) throw tooMuch(`${what}, with all that was computed before it,`, this.#work, mostWork)
  }

  /** Refuses numbers that no step could make, though none are made yet. @throws EngineError LIMIT_EXCEEDED. */
  fits(bytes: number, what: string): void {
    if (!(bytes <= mostAtOnce)) throw tooMuch(what, bytes, mostAtOnce)
  }

  /** Takes `bytes` for numbers that stay. @throws EngineError as `take`. */
  keep(bytes: number, what: string): void {
    this.take(bytes, what)
    this.#kept += bytes
    if (this.#kept > mostKept) throw tooMuch(`${what}, with the constants that were computed before it,`, this.#kept, mostKept)
  }

  /** The numbers of a constant; null where the file does not hold them. @throws EngineError LIMIT_EXCEEDED. */
  read(constant: Constant): ArrayLike<number> | null {
    this.take(constant.readBytes, `constant ${quote(constant.name)}`)
    return constant.read()
  }

  /** The same as a list. @throws EngineError LIMIT_EXCEEDED. */
  list(constant: Constant): readonly number[] | null {
    this.take(constant.readBytes + 8 * numelOfDims(constant.shape), `constant ${quote(constant.name)}`)
    const numbers = constant.read()
    if (!numbers) return null
    // Array.from goes through the iterator of a typed array: thirty times as long.
    const list = new Array<number>(numbers.length)
    for (let i = 0; i < numbers.length; i++) list[i] = numbers[i] as number
    return list
  }
}

/** Bytes that a parameter of so many elements may take on the way. */
export const mostOfParameter = (elements: number): number => mostAtOnce + mostPerElement * elements

/**
 * Refuses a parameter whose numbers would take more on the way than a network's: they are computed at each run that
 * takes the file's weights. @throws EngineError LIMIT_EXCEEDED.
 */
export function checkParameter(constant: Constant, what: string): void {
  const most = mostOfParameter(numelOfDims(constant.shape))
  if (constant.readBytes > most) throw tooMuch(what, constant.readBytes, most)
}

function tooMuch(what: string, bytes: number, most: number): EngineError {
  const message = `${what} takes ${bytes} bytes of numbers to compute, the limit is ${most}: no network’s shapes and constants take as many`
  return new EngineError('LIMIT_EXCEEDED', message, [{ path: '', layerId: null, message }])
}
