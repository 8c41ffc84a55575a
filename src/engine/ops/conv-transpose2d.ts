import { lowerTransposed, transposed } from './transposed.ts'

/** Transposed convolution of feature maps, PyTorch's `nn.ConvTranspose2d`. */
export const convTranspose2d = transposed(2, 'ConvTranspose2d', (tf, context) => {
  const call = lowerTransposed(tf, context)
  return ([x]) => call(x!)
})
