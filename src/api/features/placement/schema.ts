import { type Static, Type } from 'typebox'
import { costDtypes } from '../../../engine/dtypes.ts'
import { mostDevices, placementCosts, placementWays } from '../../../engine/placement/index.ts'
import { nullable } from '../../schemas.ts'
import { CountedBy } from '../conventions/schema.ts'
import { CostQuery } from '../costs/schema.ts'

const way = {
  title: 'PlacementWay',
  enumDescriptions: {
    stage: 'Consecutive layers on each device: a pipeline.',
    tower: 'A run of the channels of each layer on each device, as AlexNet of 2012.',
  },
}
const cost = {
  title: 'PlacementCost',
  enumDescriptions: {
    macs: 'Multiply-adds.',
    flops: 'Flops of the convention.',
    params: 'Parameters.',
    bytes: 'Bytes read and written.',
    time: 'Time on the roofline of the device, ms.',
  },
}
const ceiling = (description: string) => Type.Optional(Type.Number({ exclusiveMinimum: 0, maximum: 1e9, description }))
const { convention, batch, resolution, dims, dtype } = CostQuery.properties

export const PlacementQuery = Type.Object(
  {
    devices: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: mostDevices,
        default: 2,
        description: 'Equal devices to split over; by stage at most as many as layers.',
      }),
    ),
    by: Type.Optional(Type.Enum([...placementWays], { ...way, default: 'stage', description: 'How it is split.' })),
    cost: Type.Optional(Type.Enum([...placementCosts], { ...cost, default: 'macs', description: 'What is balanced.' })),
    perByte: Type.Optional(
      Type.Number({
        minimum: 0,
        maximum: 1e9,
        description:
          'What a byte between devices counts, in the unit of `cost`: the multiply-adds that a device does meanwhile, say. Default 0: traffic decides between equal cuts alone. Not with cost=time.',
      }),
    ),
    gflopsPerSecond: ceiling('Only with cost=time: what a device computes at most, 10^9 flop/s, as the convention `full` counts them.'),
    gigabytesPerSecond: ceiling('Only with cost=time: what a device moves at most, 10^9 bytes a second.'),
    linkGigabytesPerSecond: ceiling('Only with cost=time: what goes from one device to another, 10^9 bytes a second.'),
    ...{ convention, batch, resolution, dims, dtype },
  },
  { additionalProperties: false },
)
export type PlacementQuery = Static<typeof PlacementQuery>

const count = (description: string) => Type.Integer({ minimum: 0, description })
const amount = (description: string) => Type.Number({ minimum: 0, description })
const device = (description: string) => Type.Integer({ minimum: 0, description })

export const PlacementSchema = Type.Object(
  {
    by: Type.Enum([...placementWays], { ...way, description: 'How it is split.' }),
    devices: Type.Integer({ minimum: 1 }),
    cost: Type.Enum([...placementCosts], { ...cost, description: 'What is balanced.' }),
    unit: Type.Enum(['macs', 'flops', 'params', 'bytes', 'ms'], { title: 'PlacementUnit', description: 'Of every cost in the answer.' }),
    perByte: amount('What a byte between devices counts, in `unit`.'),
    convention: CountedBy,
    batch: Type.Integer({ minimum: 1 }),
    dtype: Type.Enum([...costDtypes]),
    total: amount('Cost of the network, summed over devices.'),
    balance: Type.Number({
      minimum: 0,
      maximum: 1.000001,
      description: 'total / (devices × bottleneck.cost): 1 where no device waits for another, or for a link.',
    }),
    bottleneck: Type.Object(
      {
        cost: amount('The greatest of a device or a link; by tower with what the device receives.'),
        at: Type.Enum(['device', 'link'], { title: 'BottleneckPlace' }),
        device: device('The device; of a link the one that sends.'),
      },
      { title: 'PlacementBottleneck', description: 'What decides how fast results follow one another.' },
    ),
    trafficBytes: count('Received by all devices in one call.'),
    parts: Type.Array(
      Type.Object(
        {
          device: device('From 0.'),
          layers: count('Layers that it computes; by tower its part of them.'),
          firstLayerId: nullable(Type.String()),
          lastLayerId: nullable(Type.String()),
          params: count('Those of all devices add up to the network’s, as multiply-adds and flops do.'),
          macs: count('Multiply-adds.'),
          flops: count('As the convention counts them.'),
          cost: amount('In `unit`.'),
          share: amount('Of `total`.'),
          weightBytes: count('Parameters and running statistics, copies among them.'),
          copiedWeightBytes: count('Of these, those that another device has as well, since layers on both compute with them.'),
          peakActivationBytes: count('Most activations alive at once, received ones among them, for one call at a time.'),
          peakBytes: count('With weights.'),
          receivedBytes: count('In one call, from other devices.'),
          sentBytes: count('In one call, to other devices.'),
        },
        { title: 'PlacedPart' },
      ),
      { description: 'What each device is given.' },
    ),
    transfers: Type.Array(
      Type.Object(
        {
          layerId: Type.String({ description: 'The layer before which it goes over.' }),
          tensor: Type.String({ description: 'A layer, or an input of the network; a view goes as what it is of.' }),
          bytes: count('Summed over the devices that receive it.'),
          from: Type.Array(Type.Integer({ minimum: 0 }), { description: 'Devices that send.' }),
          to: Type.Array(Type.Integer({ minimum: 0 }), { description: 'Devices that receive.' }),
        },
        { title: 'Transfer' },
      ),
      { description: 'What goes from device to device in one call.' },
    ),
    undivided: Type.Array(Type.String(), {
      description: 'By tower: layers whose channels cannot be made apart; device 0 computes them.',
    }),
    approximate: Type.Array(Type.String(), {
      description: 'By tower: layers that read neighboring channels and make do with those of their device, so that the border differs.',
    }),
  },
  { title: 'Placement', description: 'A network split over devices.' },
)
export type PlacementAnswer = Static<typeof PlacementSchema>
