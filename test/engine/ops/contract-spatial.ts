/**
 * Cases of the contract for layers over one and three spatial dims, and for what enlarges a map: graphs, each named for the
 * op that it is there for.
 */
import type { Graph } from '../../../src/engine/graph.ts'
import { graphOf } from '../run-graph.ts'

type Case = [why: string, op: string, graph: Graph]
const over =
  (shape: readonly number[]) =>
  (why: string, layer: Record<string, unknown> & { type: string }): Case => [why, layer.type, graphOf(shape, [layer])]
const line = over([6, 23])
const map = over([6, 7, 5])
const volume = over([4, 6, 7, 5])

export const spatial: Case[] = [
  line('ceil mode with an overhang', { type: 'AvgPool1d', kernelSize: 3, stride: 2, padding: 1, ceilMode: true }),
  line('padding that does not count', { type: 'AvgPool1d', kernelSize: 4, stride: 3, padding: [1, 2], countIncludePad: false }),
  line('as TensorFlow', { type: 'AvgPool1d', kernelSize: 4, padding: 'same' }),
  line('a sequence', { type: 'BatchNorm1d' }),
  over([7])('a vector, no scale', { type: 'BatchNorm1d', scale: false, eps: 0.1 }),
  over([5])('nothing learned', { type: 'BatchNorm1d', affine: false }),
  volume('a volume', { type: 'BatchNorm3d' }),
  volume('a scale alone', { type: 'BatchNorm3d', shift: false }),

  line('plain', { type: 'ConvTranspose1d', outChannels: 4, kernelSize: 3 }),
  line('stride, padding, groups', { type: 'ConvTranspose1d', outChannels: 4, kernelSize: 5, stride: 3, padding: [1, 2], groups: 2 }),
  line('dilation and output padding', { type: 'ConvTranspose1d', outChannels: 4, kernelSize: 3, stride: 2, dilation: 2, outputPadding: 1 }),
  map('plain', { type: 'ConvTranspose2d', outChannels: 4, kernelSize: 3 }),
  map('twice as large', { type: 'ConvTranspose2d', outChannels: 4, kernelSize: 4, stride: 2, padding: 1 }),
  map('output padding within what padding cut', {
    type: 'ConvTranspose2d',
    outChannels: 4,
    kernelSize: 3,
    stride: 2,
    padding: 1,
    outputPadding: 1,
  }),
  map('output padding with nothing behind it, no bias', {
    type: 'ConvTranspose2d',
    outChannels: 4,
    kernelSize: [2, 3],
    stride: [3, 2],
    outputPadding: [2, 1],
    bias: false,
  }),
  map('other padding on every side, dilation, groups', {
    type: 'ConvTranspose2d',
    outChannels: 9,
    kernelSize: 3,
    stride: 2,
    padding: [0, 1, 2, 3],
    dilation: [2, 1],
    groups: 3,
  }),
  map('output padding equal to the padding before', {
    type: 'ConvTranspose2d',
    outChannels: 3,
    kernelSize: 3,
    stride: 2,
    padding: [1, 1, 0, 0],
    outputPadding: 1,
  }),
  map('as TensorFlow, kernel above the stride', { type: 'ConvTranspose2d', outChannels: 4, kernelSize: 3, stride: 2, padding: 'same' }),
  map('as TensorFlow, kernel below the stride', { type: 'ConvTranspose2d', outChannels: 4, kernelSize: 2, stride: 3, padding: 'same' }),
  map('depthwise', { type: 'ConvTranspose2d', outChannels: 6, kernelSize: 3, stride: 2, groups: 6 }),
  volume('plain', { type: 'ConvTranspose3d', outChannels: 3, kernelSize: 3 }),
  volume('everything', {
    type: 'ConvTranspose3d',
    outChannels: 6,
    kernelSize: [2, 3, 1],
    stride: [2, 1, 2],
    padding: [0, 1, 0],
    outputPadding: [1, 0, 1],
    dilation: [1, 2, 1],
    groups: 2,
  }),

  volume('plain', { type: 'Conv3d', outChannels: 3, kernelSize: 3 }),
  volume('other padding on every side, groups, no bias', {
    type: 'Conv3d',
    outChannels: 6,
    kernelSize: [2, 3, 1],
    stride: [2, 1, 2],
    padding: [1, 0, 2, 0, 2, 1],
    groups: 2,
    bias: false,
  }),
  volume('stride and dilation', { type: 'Conv3d', outChannels: 3, kernelSize: 2, stride: 2, padding: 1, dilation: [2, 1, 3] }),
  volume('as TensorFlow', { type: 'Conv3d', outChannels: 3, kernelSize: 4, stride: 2, padding: 'same' }),
  volume('plain', { type: 'MaxPool3d', kernelSize: 2 }),
  volume('uneven padding, ceil mode', { type: 'MaxPool3d', kernelSize: 2, padding: [0, 1, 1, 1, 0, 0], ceilMode: true }),
  volume('dilation and stride', { type: 'MaxPool3d', kernelSize: [2, 3, 2], stride: [1, 2, 1], dilation: [3, 1, 2], padding: [0, 1, 0] }),
  ...[true, false].flatMap((countIncludePad) => [
    volume(`padding and overhang, ${countIncludePad}`, {
      type: 'AvgPool3d',
      kernelSize: [3, 2, 2],
      stride: 2,
      padding: [1, 0, 1],
      ceilMode: true,
      countIncludePad,
    }),
    volume(`as TensorFlow, ${countIncludePad}`, { type: 'AvgPool3d', kernelSize: 3, stride: 2, padding: 'same', countIncludePad }),
  ]),
]
