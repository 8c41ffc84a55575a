import { thresholdedRelu } from '../../../src/engine/ops/thresholded-relu.ts'
import { activation } from './table.ts'

activation(thresholdedRelu, { comparisons: 1 })
