import { Type } from 'typebox'
import type { EditableNetwork } from './network.ts'
import { defineRewrite } from './rewrite.ts'
import { factor } from './shared/options.ts'

const isImage = ({ shape }: { shape: readonly number[] }): boolean => shape.length === 3

/** Multiplies height and width of every image that the network takes. */
export function resize(network: EditableNetwork, times: number): void {
  network.inputs.forEach((input, i) => {
    if (!isImage(input)) return
    const [channels, ...size] = input.shape as number[]
    network.inputs[i] = { ...input, shape: [channels as number, ...size.map((side) => Math.max(1, Math.round(side * times)))] }
  })
}

/** Height and width × r: multiply-adds of convolutions × r², weights as they are except behind a Flatten. */
export const scaleResolution = defineRewrite({
  name: 'scaleResolution',
  asMuchAsAsked: true,
  summary: 'Height and width of the input image are multiplied.',
  givesUp: 'Below 1 what is small in the image; fully connected layers on a map change their size and are learned anew.',
  source: 'Howard et al., "MobileNets", 2017, section 3.4: the resolution multiplier',
  options: Type.Object({ factor: factor(0.5, 'Times the height and width, rounded to whole pixels.') }, { additionalProperties: false }),
  whole: true,
  sites: (network, { factor }) => [
    {
      id: '',
      ...(factor === 1
        ? { reason: 'a factor of 1 changes nothing' }
        : network.inputs.some(isImage)
          ? {}
          : { reason: 'the network takes no image C×H×W' }),
    },
  ],
  apply: (network, _sites, { factor }) => resize(network, factor),
})
