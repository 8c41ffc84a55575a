import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import type { FastifyInstance } from 'fastify'
import { lineOf } from '../../plugins/audit.ts'
import { errors, json } from '../../schemas.ts'
import { DeviceList, DeviceParams, DeviceSchema, NewDeviceState } from './schema.ts'
import type { DeviceService } from './service.ts'

export function deviceRoutes(fastify: FastifyInstance, devices: DeviceService): void {
  const app = fastify.withTypeProvider<TypeBoxTypeProvider>()
  app.get(
    '/v1/devices',
    {
      schema: {
        operationId: 'listDevices',
        tags: ['devices'],
        summary: 'The devices and what works on them',
        description: 'Each device with the runtimes usable on it, and the reason for each that is not.',
        response: { 200: json('The devices.', DeviceList), ...errors() },
      },
    },
    async (_request, reply) => reply.send(await devices.list()),
  )
  app.patch(
    '/v1/devices/:id',
    {
      config: { access: 'admin', audit: 'setDeviceState' },
      schema: {
        operationId: 'setDeviceState',
        tags: ['devices'],
        summary: 'Pause, drain or resume a device',
        description:
          'A paused device starts nothing and gives what it runs back to its place in the queue; a drained one starts nothing and ends what it runs. ' +
          'Runs can still be queued and wait, and are told why. The state lasts until it is set again, restarts included.',
        params: DeviceParams,
        body: NewDeviceState,
        response: {
          200: json('The device.', DeviceSchema),
          ...errors('MALFORMED_JSON', 'INVALID_REQUEST', 'DEVICE_NOT_FOUND', 'AMBIGUOUS_DEVICE', 'INVALID_TEXT'),
        },
      },
    },
    async (request, reply) => reply.send(await devices.setState(request.params.id, request.body, lineOf(request))),
  )
}
