import os from 'node:os'
import { verifyGraph } from '../../engine/verify.ts'
import type { RunJob } from '../contract.ts'
import { type LoadRequest, probeThreads } from './contract.ts'

/** A convolution and a linear layer on 8×8 pixels: small enough to cost nothing, large enough to need the math libraries. */
const graph = verifyGraph({
  input: { shape: [3, 8, 8] },
  layers: [
    { id: 'conv', type: 'Conv2d', outChannels: 4, kernelSize: 3, padding: 1 },
    { id: 'relu', type: 'ReLU' },
    { id: 'flatten', type: 'Flatten' },
    { id: 'fc', type: 'Linear', outFeatures: 2 },
  ],
})

/** What a probe loads and runs once. */
export const probeRequest = (device: RunJob['device']): LoadRequest => ({
  graph,
  batch: 1,
  resolution: null,
  precision: 'float32',
  threads: probeThreads,
  seed: 0,
  device,
  scratch: os.tmpdir(),
})
