/** Networks of some hundred letters of JSON whose layers bring constants of gigabytes, by what is asked of them. */
export const exportBombs: Readonly<Record<string, { input?: { shape: number[] }; layers: Record<string, unknown>[] }>> = {
  'divisors of AvgPool1d in ceil mode': {
    input: { shape: [1, 99_999_999] },
    layers: [{ type: 'AvgPool1d', kernelSize: 2, ceilMode: true }],
  },
  'divisors of AvgPool2d in ceil mode': {
    input: { shape: [1, 99_999, 99_999] },
    layers: [{ type: 'AvgPool2d', kernelSize: 2, ceilMode: true }],
  },
  'divisors of AvgPool3d in ceil mode': {
    input: { shape: [1, 4095, 4095, 4095] },
    layers: [{ type: 'AvgPool3d', kernelSize: 2, ceilMode: true }],
  },
  'a Parameter of one value': {
    input: { shape: [1, 2 ** 15, 2 ** 15] },
    layers: [
      { id: 'p', type: 'Parameter', inputs: [], shape: [2 ** 15, 2 ** 15], value: 1 },
      { type: 'Add', inputs: ['input', 'p'] },
    ],
  },
  'forty Parameters of one value': {
    input: { shape: [1, 1024, 1024] },
    layers: Array.from({ length: 40 }, (_, i) => [
      { id: `p${i}`, type: 'Parameter', inputs: [], shape: [1024, 1024], value: 1 },
      { id: `s${i}`, type: 'Add', inputs: [i === 0 ? 'input' : `s${i - 1}`, `p${i}`] },
    ]).flat(),
  },
  'ones of a LayerNorm': { input: { shape: [2 ** 30] }, layers: [{ type: 'LayerNorm', dims: 1, affine: false }] },
  'ones of an InstanceNorm': { input: { shape: [2 ** 28, 2, 2] }, layers: [{ type: 'InstanceNorm', affine: false }] },
  'ones of a GroupNorm': { input: { shape: [2 ** 28, 2, 2] }, layers: [{ type: 'GroupNorm', groups: 2 ** 28 }] },
  'ones of a BatchNorm2d': { input: { shape: [2 ** 28, 2, 2] }, layers: [{ type: 'BatchNorm2d', affine: false }] },
  'shares of an AdaptiveAvgPool2d': {
    input: { shape: [1, 2 ** 16, 2 ** 16] },
    layers: [{ type: 'AdaptiveAvgPool2d', outputSize: 2 ** 16 - 1 }],
  },
  'rows of a causal Attention': {
    input: { shape: [2 ** 25, 1] },
    layers: [{ id: 'a', type: 'Attention', heads: 1, causal: true, inputs: ['input', 'input', 'input'] }],
  },
}
