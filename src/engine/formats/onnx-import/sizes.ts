import { EngineError } from '../../errors.ts'
import type { Graph } from '../../graph.ts'
import { quote } from './fault.ts'
import type { ValueInfoProto } from './messages.ts'
import { type Dim, dimsOf } from './value-info.ts'

/** Sizes that a file leaves open, as whoever reads it asks for them. */
export interface OpenSizes {
  /** Shape of one image of the one input, batch left out, as the file has it: `[3, 640, 640]`. */
  inputShape?: readonly number[] | undefined
  /** Size of open dims by the names that the file has for them: `{ height: 640 }`. */
  dims?: Readonly<Record<string, number>> | undefined
  /** Those that hold for what is left out here. */
  base?: OpenSizes | undefined
}

/** Sizes that a count or a run asks for in place of those of the registration. */
export interface AskedSizes extends Omit<OpenSizes, 'base'> {
  /** [height, width] of the one input, where that is a map. */
  resolution?: readonly [number, number] | null | undefined
}

/**
 * The sizes to read a file at that was registered at others: shapes inside follow from them, so that resizing its input is not
 * enough. Null where the graph as it was registered is the one to ask.
 */
export function otherSizes(
  { inputs }: Pick<Graph, 'inputs'>,
  registered: OpenSizes | undefined,
  { resolution, dims, inputShape }: AskedSizes,
): OpenSizes | null {
  if (!registered) return null
  const [input] = inputs
  const image = resolution && inputs.length === 1 && input!.shape.length === 3 ? [input!.shape[0]!, ...resolution] : undefined
  const shape = inputShape ?? image
  if (dims === undefined && shape === undefined) return null
  return { ...(dims ? { dims } : {}), ...(shape ? { inputShape: shape } : {}), base: registered }
}

const refuse = (path: 'dims' | 'inputShape', message: string): EngineError =>
  new EngineError('INVALID_ONNX', message, [{ path: `/${path}`, layerId: null, message }])

/**
 * The sizes of open dims by name, out of what was asked for. The batch is no size of an image: it is asked for with each count and run.
 * @param inputs those of the graph that the network reads.
 * @throws EngineError INVALID_ONNX with the names that there are, where one is unknown, or sizes contradict each other.
 */
export function namedSizes(inputs: readonly ValueInfoProto[], { inputShape, dims = {}, base }: OpenSizes): ReadonlyMap<string, number> {
  const before = base ? namedSizes(inputs, base) : []
  const sizes = new Map<string, number>()
  const batches = new Set<string>()
  const names = new Set<string>()
  for (const input of inputs)
    (dimsOf(input) ?? []).forEach((dim, i) => {
      if ('name' in dim && dim.name !== '') (i === 0 ? batches : names).add(dim.name)
    })
  for (const [name, size] of Object.entries(dims)) {
    if (batches.has(name)) {
      if (size !== 1) throw refuse('dims', `${quote(name)} is the batch, which is asked for with costs and runs: leave it out of dims`)
    } else if (names.has(name)) sizes.set(name, size)
    else
      throw refuse(
        'dims',
        `the file has no open dim ${quote(name)}; ${names.size === 0 ? 'every size but the batch is fixed' : `those that it leaves open are ${[...names].slice(0, 10).map(quote).join(', ')}`}`,
      )
  }
  if (inputShape === undefined) return new Map([...before, ...sizes])
  const [input] = inputs
  if (inputs.length !== 1 || !input)
    throw refuse('inputShape', `inputShape is of the one input, but the network has ${inputs.length}: give sizes by name, as dims`)
  const stated = dimsOf(input)?.slice(1) ?? inputShape.map((): Dim => ({ name: '' }))
  if (stated.length !== inputShape.length)
    throw refuse('inputShape', `input ${quote(input.name)} has ${stated.length} dims beside the batch, but inputShape ${inputShape.length}`)
  stated.forEach((dim, i) => {
    const size = inputShape[i]!
    const other = 'size' in dim ? dim.size || undefined : sizes.get(dim.name)
    if (other !== undefined && other !== size)
      throw refuse('inputShape', `size ${i + 1} of input ${quote(input.name)} is ${other}, but ${size} in inputShape`)
    if ('name' in dim && dim.name !== '') sizes.set(dim.name, size)
  })
  return new Map([...before, ...sizes])
}
