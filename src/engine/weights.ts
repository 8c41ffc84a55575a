import type { Parameter } from './op.ts'
import { numel } from './shape.ts'

/**
 * Seeded tensors. The same seed, layer and parameter give the same numbers on every host and in every runtime, so
 * two runtimes can be compared and a run can be repeated. Uniform, since 140 million of them must take well under a
 * second; He's bound keeps the variance of activations through ReLU layers (He et al., "Delving Deep into
 * Rectifiers", 2015): U(−√(6/fanIn), √(6/fanIn)).
 */

/** FNV-1a of a text, as the stream's name. */
function hash(text: string): number {
  let h = 0x811c9dc5
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193)
  return h >>> 0
}

/** Fills an array with the next numbers of a stream, and gives it back. */
export type Filler = <B extends ArrayBufferLike>(out: Float32Array<B>) => Float32Array<B>

/** xorshift32 (Marsaglia, "Xorshift RNGs", 2003): a stream of U(low, high). */
function uniform(seed: number, low: number, high: number): Filler {
  let next = Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b) >>> 0 || 1
  const span = (high - low) / 4294967296
  return (out) => {
    let state = next
    for (let i = 0; i < out.length; i++) {
      state ^= state << 13
      state ^= state >>> 17
      state ^= state << 5
      out[i] = low + (state >>> 0) * span
    }
    next = state
    return out
  }
}

/** 0, 1, … bound − 1, and again. */
function counting(bound: number): Filler {
  let next = 0
  return (out) => {
    for (let i = 0; i < out.length; i++) out[i] = next++ % bound
    return out
  }
}

const mix = (seed: number, stream: string): number => (hash(stream) ^ Math.imul(seed + 1, 0x9e3779b1)) >>> 0

/** The numbers of one parameter of one layer, row-major in the parameter's own shape, as a stream. */
export function parameterFiller(seed: number, layerId: string, parameter: Parameter): Filler {
  const stream = mix(seed, `${layerId}/${parameter.name}`)
  switch (parameter.init) {
    case 'he': {
      const bound = Math.sqrt(6 / (parameter.fanIn ?? 1))
      return uniform(stream, -bound, bound)
    }
    case 'scale':
    case 'variance':
      return uniform(stream, 0.8, 1.2)
    case 'index':
      return counting(parameter.bound ?? 1)
    case 'bias':
    case 'shift':
      return uniform(stream, -0.1, 0.1)
  }
}

/** One parameter of one layer, filled from `seed`. */
export const seededParameter = (seed: number, layerId: string, parameter: Parameter): Float32Array =>
  parameterFiller(seed, layerId, parameter)(new Float32Array(numel(parameter.shape)))

/** The numbers of a network's input as a stream: U(−√3, √3), mean 0 and variance 1 as normalized images have, never zeros. */
export const inputFiller = (seed: number, inputId: string): Filler => uniform(mix(seed, `input/${inputId}`), -Math.sqrt(3), Math.sqrt(3))

/** Whole numbers from `least` and below `end`, for inputs that hold such. */
export const seededIntegers = (seed: number, inputId: string, elements: number, least: number, end: number): Float32Array =>
  uniform(mix(seed, `input/${inputId}`), least, end)(new Float32Array(elements)).map((value) => Math.min(Math.floor(value), end - 1))

/** A network's input, filled from `seed`. */
export const seededInput = (seed: number, inputId: string, elements: number): Float32Array =>
  inputFiller(seed, inputId)(new Float32Array(elements))
