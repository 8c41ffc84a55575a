import type { Call } from './call.ts'
import { KerasFault } from './fault.ts'
import type { KerasTensor } from './tensor.ts'

/** One number for all elements, or one for each channel. */
export type Constant = number | readonly number[]

/** Channels of a tensor: Keras's last axis. */
const channelsOf = (x: KerasTensor): number => (x.layout === 'channels-first' ? x.shape[1]! : x.shape.at(-1)!)

/**
 * A constant beside a tensor, in the tensor's layout.
 * @throws KerasFault where there is not one number for each channel.
 */
export function constant(call: Call, x: KerasTensor, value: Constant, part: string, key?: string): KerasTensor {
  if (typeof value === 'number' || value.length === 1) {
    const one = typeof value === 'number' ? value : value[0]!
    return call.add('Parameter', [], { shape: [], value: one }, x.layout, part)
  }
  if (value.length !== channelsOf(x))
    throw new KerasFault(
      `${key ?? part} has ${value.length} numbers, but the input has ${channelsOf(x)} channels`,
      key ? `/config/${key}` : '',
    )
  const shape = x.layout === 'channels-first' ? [value.length, ...x.shape.slice(2).map(() => 1)] : [value.length]
  return call.add('Parameter', [], { shape, value: [...value] }, x.layout, part)
}

const isConstant = (value: Constant, number: number): boolean => [value].flat().every((each) => each === number)

/** x·factor + summand under the name `part`, without a step that changes nothing. */
export function affine(call: Call, x: KerasTensor, factor: Constant, summand: Constant, part?: string): KerasTensor {
  const inner = (name: string) => (part === undefined ? name : `${part}.${name}`)
  // A constant for each element of a vector in another order than Keras's would meet the wrong ones.
  const perElement = [factor, summand].some((value) => typeof value !== 'number' && value.length > 1)
  const from = x.layout === 'mixed' && perElement ? call.arrange(x, 'as-is') : x
  const [multiplies, adds] = [!isConstant(factor, 1), !isConstant(summand, 0)]
  if (!multiplies && !adds) return { ...call.add('Identity', from, {}, from.layout, part), ...(from.map ? { map: from.map } : {}) }
  const scaled = multiplies
    ? call.add('Mul', [from, constant(call, from, factor, inner('scale'), 'scale')], {}, from.layout, adds ? inner('scaled') : part)
    : from
  const y = adds ? call.add('Add', [scaled, constant(call, from, summand, inner('offset'), 'offset')], {}, from.layout, part) : scaled
  return { ...y, ...(from.map ? { map: from.map } : {}) }
}
