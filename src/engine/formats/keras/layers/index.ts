/** Every Keras layer class that is read, one line each. */
import type { Call } from '../call.ts'
import type { KerasTensor } from '../tensor.ts'
import { conv1d, conv2d, dense, depthwiseConv1d, depthwiseConv2d, separableConv1d, separableConv2d } from './convolution.ts'
import { activation, dropout, nothing, relu, softmax } from './elementwise.ts'
import { add, concatenate, multiply } from './merge.ts'
import { batchNormalization } from './normalization.ts'
import {
  averagePooling1d,
  averagePooling2d,
  globalAveragePooling1d,
  globalAveragePooling2d,
  maxPooling1d,
  maxPooling2d,
} from './pooling.ts'
import { cropping1d, cropping2d, flatten, permute, reshape, zeroPadding1d, zeroPadding2d } from './shape.ts'

/** Writes one call of a layer of this class. @throws KerasFault saying what would be right. */
export type LayerClass = (call: Call) => KerasTensor

export const layerClasses: ReadonlyMap<string, LayerClass> = new Map([
  ['Activation', activation],
  ['ActivityRegularization', nothing],
  ['Add', add],
  ['AlphaDropout', dropout],
  ['AveragePooling1D', averagePooling1d],
  ['AveragePooling2D', averagePooling2d],
  ['BatchNormalization', batchNormalization],
  ['Concatenate', concatenate],
  ['Conv1D', conv1d],
  ['Conv2D', conv2d],
  ['Cropping1D', cropping1d],
  ['Cropping2D', cropping2d],
  ['Dense', dense],
  ['DepthwiseConv1D', depthwiseConv1d],
  ['DepthwiseConv2D', depthwiseConv2d],
  ['Dropout', dropout],
  ['Flatten', flatten],
  ['GaussianDropout', dropout],
  ['GaussianNoise', nothing],
  ['GlobalAveragePooling1D', globalAveragePooling1d],
  ['GlobalAveragePooling2D', globalAveragePooling2d],
  ['Identity', nothing],
  ['MaxPooling1D', maxPooling1d],
  ['MaxPooling2D', maxPooling2d],
  ['Multiply', multiply],
  ['Permute', permute],
  ['RandomBrightness', nothing],
  ['RandomContrast', nothing],
  ['RandomFlip', nothing],
  ['RandomRotation', nothing],
  ['RandomTranslation', nothing],
  ['RandomZoom', nothing],
  ['ReLU', relu],
  ['Reshape', reshape],
  ['SeparableConv1D', separableConv1d],
  ['SeparableConv2D', separableConv2d],
  ['Softmax', softmax],
  ['SpatialDropout1D', dropout],
  ['SpatialDropout2D', dropout],
  ['ZeroPadding1D', zeroPadding1d],
  ['ZeroPadding2D', zeroPadding2d],
])
