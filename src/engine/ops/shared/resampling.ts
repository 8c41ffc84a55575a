/**
 * Positions of a resampled dim on the one it comes from, by the rules of ONNX's Resize, one dim at a time. Each step is
 * rounded to float32, as ONNX Runtime and PyTorch compute it: where a position falls on an element, or halfway between two,
 * another rounding would choose another element.
 */
export type Coordinates = 'asymmetric' | 'halfPixel' | 'alignCorners'
export type Rounding = 'floor' | 'ceil' | 'roundPreferFloor' | 'roundPreferCeil'

interface Along {
  input: number
  output: number
  scale: number
}

const f = Math.fround

/** Output size and factor: ⌊input × scale⌋ at that scale, or the size at output / input. */
export function resized(input: number, to: { size: number } | { scale: number }): { output: number; scale: number } {
  if ('size' in to) return { output: to.size, scale: f(to.size / input) }
  return { output: Math.floor(f(f(to.scale) * input)), scale: f(to.scale) }
}

/** Position of each output element on the input, which may be past its ends. */
function positions({ input, output, scale }: Along, coordinates: Coordinates): number[] {
  return Array.from({ length: output }, (_, i) => {
    switch (coordinates) {
      case 'asymmetric':
        return f(i / scale)
      case 'halfPixel':
        return f(f(f(i + 0.5) / scale) - 0.5)
      case 'alignCorners':
        return output === 1 ? 0 : f(f(i * (input - 1)) / (output - 1))
    }
  })
}

const rounded: Readonly<Record<Rounding, (x: number) => number>> = {
  floor: Math.floor,
  ceil: Math.ceil,
  roundPreferFloor: (x) => Math.ceil(x - 0.5),
  roundPreferCeil: (x) => Math.floor(x + 0.5),
}

const clip = (index: number, input: number): number => Math.min(Math.max(index, 0), input - 1)

/** The input element that each output element is. */
export const nearestIndices = (along: Along, coordinates: Coordinates, rounding: Rounding): Int32Array =>
  Int32Array.from(positions(along, coordinates), (x) => clip(rounded[rounding](x), along.input))

/** The two input elements around each output element, and the second's weight. */
export function neighbors(along: Along, coordinates: Coordinates): { low: Int32Array; high: Int32Array; weight: Float32Array } {
  const places = positions(along, coordinates).map((x) => clip(x, along.input))
  const low = Int32Array.from(places, Math.floor)
  return {
    low,
    high: low.map((index) => Math.min(index + 1, along.input - 1)),
    weight: Float32Array.from(places, (x, i) => x - low[i]!),
  }
}
