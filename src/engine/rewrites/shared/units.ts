import type { EditableLayer, EditableNetwork } from '../network.ts'

/** Types that follow a convolution as its activation: one input, no weights, one element at a time. */
const activations: ReadonlySet<string> = new Set(
  'ReLU ReLU6 LeakyReLU ELU CELU SELU GELU SiLU Mish HardSwish HardSigmoid HardTanh Sigmoid Tanh Softplus Softsign'.split(' '),
)

/** A convolution and what follows it alone: batch normalization, activation. */
export interface ConvUnit {
  conv: EditableLayer
  norm: EditableLayer | undefined
  activation: EditableLayer | undefined
  /** The tensor behind the last of them. */
  end: string
}

/** The unit that a convolution begins. A layer belongs to it where nobody else reads what stands before it. */
export function unitOf(network: EditableNetwork, id: string): ConvUnit {
  const conv = network.get(id)
  let end = id
  const next = (fits: (type: string) => boolean): EditableLayer | undefined => {
    const reader = network.soleReader(end)
    if (reader?.inputs.length !== 1 || !fits(reader.type)) return undefined
    end = reader.id
    return reader
  }
  const norm = next((type) => type === 'BatchNorm2d')
  const activation = next((type) => activations.has(type))
  return { conv, norm, activation, end }
}

/** Adds what follows a convolution in its unit again, behind another tensor, under ids of `stem`. Returns the last tensor. */
export function addSame(network: EditableNetwork, { norm, activation }: ConvUnit, stem: string, x: string): string {
  let y = x
  if (norm) y = network.add(norm.type, `${stem}.norm`, [y], withoutSizes(norm.attributes))
  if (activation) y = network.add(activation.type, `${stem}.act`, [y], activation.attributes)
  return y
}

/** Attributes without the sizes of the input that they state. */
export function withoutSizes(attributes: Record<string, any>): Record<string, any> {
  const { inChannels: _in, numFeatures: _num, inFeatures: _features, ...others } = attributes
  return others
}

export const isSquare = ({ attributes: { kernelSize: k } }: Pick<EditableLayer, 'attributes'>): boolean => k[0] === k[1]

/** A size as people write it: 3×3. */
export const sizeOf = (k: readonly number[]): string => k.join('×')
