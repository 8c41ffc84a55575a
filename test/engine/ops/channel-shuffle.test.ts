import { channelShuffle } from '../../../src/engine/ops/channel-shuffle.ts'
import { quantities, refused, shapes } from './table.ts'

shapes(channelShuffle, [
  ['shape kept', [[2, 116, 28, 28]], { groups: 2 }, [[2, 116, 28, 28]]],
  ['groups that do not divide', [[1, 10, 4, 4]], { groups: 4 }, /groups 4 must divide the 10 channels/],
  ['a vector', [[1, 10]], { groups: 2 }, /feature map/],
])
quantities(channelShuffle, [['moves data only', [[1, 4, 5, 7]], { groups: 2 }, {}]])
refused(channelShuffle, [
  ['no groups', {}],
  ['0 groups', { groups: 0 }],
])
