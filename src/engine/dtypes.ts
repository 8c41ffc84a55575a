/** Types of elements as files store them and compute in them. */
import { exact } from './exact.ts'

/** Bits of one element. Types of fewer than eight bits are packed, whole bytes a tensor; signs make no difference. */
export const dtypeBits = {
  float64: 64,
  float32: 32,
  float16: 16,
  bfloat16: 16,
  float8: 8,
  float4: 4,
  int64: 64,
  int32: 32,
  int16: 16,
  int8: 8,
  int4: 4,
  int2: 2,
  bool: 8,
} as const
export type FileDtype = keyof typeof dtypeBits

export const fileDtypes = Object.keys(dtypeBits) as FileDtype[]

/**
 * Where the output of a layer is no tensor in memory: `view`, it is the layer's first input, taken off its scale by
 * whoever reads it, and moves at that one's width; `fused`, the layer behind it takes it over from registers.
 */
export const unstored = ['view', 'fused'] as const

/** The types that a layer works with, as its file states them; float32 wherever one is left out. */
export interface LayerDtypes {
  /** What its multiply-adds are computed in. */
  macs?: FileDtype
  /** What its outputs are kept as. */
  output?: FileDtype | (typeof unstored)[number]
  /** What its parameters are stored as, by their names. */
  params?: Readonly<Record<string, FileDtype>>
}

/** Bytes of so many elements of a tensor. @throws CountOverflow past 2^53 − 1. */
export const bytesOfElements = (elements: number, dtype: FileDtype): number => {
  const bits = dtypeBits[dtype]
  return exact(bits < 8 ? Math.ceil(elements / (8 / bits)) : elements * (bits / 8))
}

/** Bytes of one element, where all have one type. */
export const bytesPerElement = { float32: 4, float16: 2, int8: 1 } as const
export type Dtype = keyof typeof bytesPerElement
/** One type for all tensors, or each in the type that the file it came from has it in. */
export const costDtypes = [...(Object.keys(bytesPerElement) as Dtype[]), 'file'] as const
export type CostDtype = (typeof costDtypes)[number]
