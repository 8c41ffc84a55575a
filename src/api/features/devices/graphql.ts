import { Type } from 'typebox'
import { field, type GraphqlFeature } from '../../graphql/feature.ts'
import { DeviceList, DeviceParams, NewDeviceState } from './schema.ts'
import type { DeviceService } from './service.ts'

const { items, absent } = DeviceList.properties

export function deviceGraphql(devices: DeviceService): GraphqlFeature {
  return {
    fields: {
      Query: {
        devices: {
          description: 'The devices that runs can be timed on, with the runtimes usable there and the reason for each that is not.',
          type: items,
          resolve: async () => (await devices.list()).items,
        },
        absentDevices: {
          description: 'Kinds of device that a host lacks, and why.',
          type: absent,
          resolve: async () => (await devices.list()).absent,
        },
      },
      Mutation: {
        setDeviceState: field({
          description:
            'Pauses, drains or resumes a device. A paused one gives what it runs back to the queue; a drained one ends it. Both start nothing.',
          access: 'admin',
          audit: 'setDeviceState',
          args: Type.Object({ ...DeviceParams.properties, input: NewDeviceState }),
          type: 'Device!',
          resolve: (_parent, { id, input }, context) => devices.setState(id, input, context.auditLine),
        }),
      },
    },
  }
}
