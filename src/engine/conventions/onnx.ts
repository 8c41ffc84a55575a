import { convolutionMacs, defineConvention, each, linearMacs, multiplyAddsOnly, ofEveryRank, unseen } from './convention.ts'

export const onnx = defineConvention({
  name: 'onnx',
  summary: 'Multiply-adds of the Conv, Gemm and MatMul nodes of the network’s ONNX file; everything else is 0.',
  remarks:
    'Batch normalization is folded into the convolution before it, or left as a node: 0 either way. Adaptive pooling counts 0 at every ' +
    'output size, also where a file can only write it as a matrix product. Attention is two MatMul nodes. K is the kernel’s size.',
  source: 'ONNX 1.20 operators Conv, Gemm and MatMul, as counted over the files that torch 2.9.1 exports.',
  rules: {
    ...each(ofEveryRank('Conv'), convolutionMacs),
    ...each(ofEveryRank('ConvTranspose'), unseen('the node is ConvTranspose, none of the three')),
    Linear: linearMacs,
  },
  otherwise: multiplyAddsOnly,
})
