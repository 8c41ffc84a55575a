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

/** xorshift32 (Marsaglia, "Xorshift RNGs", 2003), filling with U(low, high). */
function fillUniform(out: Float32Array, seed: number, low: number, high: number): Float32Array {
  let state = Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b) >>> 0 || 1
  const span = (high - low) / 4294967296
  for (let i = 0; i < out.length; i++) {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    out[i] = low + (state >>> 0) * span
  }
  return out
}

const mix = (seed: number, stream: string): number => (hash(stream) ^ Math.imul(seed + 1, 0x9e3779b1)) >>> 0

/** One parameter of one layer, filled from `seed` (into `out` where given). Row-major in the parameter's own shape. */
export function seededParameter(
  seed: number,
  layerId: string,
  parameter: Parameter,
  out = new Float32Array(numel(parameter.shape)),
): Float32Array {
  const stream = mix(seed, `${layerId}/${parameter.name}`)
  switch (parameter.init) {
    case 'he': {
      const bound = Math.sqrt(6 / (parameter.fanIn ?? 1))
      return fillUniform(out, stream, -bound, bound)
    }
    case 'scale':
    case 'variance':
      return fillUniform(out, stream, 0.8, 1.2)
    case 'index':
      return out.map((_, i) => i % (parameter.bound ?? 1))
    case 'bias':
    case 'shift':
      return fillUniform(out, stream, -0.1, 0.1)
  }
}

/** A network input filled from `seed`: U(−√3, √3), mean 0 and variance 1 as normalised images have, never zeros. */
export const seededInput = (seed: number, inputId: string, elements: number): Float32Array =>
  fillUniform(new Float32Array(elements), mix(seed, `input/${inputId}`), -Math.sqrt(3), Math.sqrt(3))
