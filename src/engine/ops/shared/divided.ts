import type { LayerShapes } from '../../op.ts'

/** How layers are divided along their channels (`channelsRead` of an op): channels of each input, from the first to below the second. */
type Read = (readonly [number, number])[]

/** Each output channel is made of the same channel of every input; a size of 1 is read whole. */
export function sameChannels(from: number, to: number, { inputs, outputs }: LayerShapes): Read | null {
  const [output] = outputs
  if (!output || output.length < 2 || inputs.some((shape) => shape.length !== output.length)) return null
  return inputs.map((shape) => (shape[1] === output[1] ? [from, to] : [0, shape[1] as number]))
}

/** As a convolution in groups: an output channel reads all input channels of its group. */
export function groupChannels(from: number, to: number, { inputs, outputs }: LayerShapes, groups: number): Read {
  const [read, made] = [inputs[0]![1]! / groups, outputs[0]![1]! / groups]
  return [[Math.floor(from / made) * read, Math.ceil(to / made) * read]]
}
