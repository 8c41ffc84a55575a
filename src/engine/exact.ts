/**
 * Exact integer counts. Every count of the engine is an integer below 2^53, where a double is exact; one that would
 * pass it is refused, never rounded. A product of safe integers whose true value is past 2^53 − 1 rounds to at least
 * 2^53, so testing the rounded result catches every overflow.
 */

/** Thrown where a count would pass 2^53 − 1; the caller knows which layer it was counting. */
export class CountOverflow extends Error {
  constructor() {
    super('a count passes 2^53 − 1, the largest integer this service reports exactly')
    this.name = 'CountOverflow'
  }
}

/** The value, where it is exact. @throws CountOverflow past 2^53 − 1. */
export function exact(value: number): number {
  if (!Number.isSafeInteger(value)) throw new CountOverflow()
  return value
}

/** Product of non-negative integers. @throws CountOverflow past 2^53 − 1. */
export function product(...factors: number[]): number {
  let result = 1
  for (const factor of factors) result = exact(result * factor)
  return result
}

/** Sum of integers. @throws CountOverflow past 2^53 − 1. */
export function sum(...terms: number[]): number {
  let result = 0
  for (const term of terms) result = exact(result + term)
  return result
}
