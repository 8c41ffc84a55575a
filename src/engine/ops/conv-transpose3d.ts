import { onVolume } from './lowering/volume.ts'
import { lowerTransposed, transposed } from './transposed.ts'

/** Transposed convolution of volumes, PyTorch's `nn.ConvTranspose3d`. */
export const convTranspose3d = transposed(3, 'ConvTranspose3d', (tf, context) => onVolume(tf, lowerTransposed(tf, context)))
