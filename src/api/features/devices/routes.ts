import type { FastifyInstance } from 'fastify'
import { errors, json } from '../../schemas.ts'
import { DeviceList } from './schema.ts'
import type { DeviceService } from './service.ts'

export function deviceRoutes(app: FastifyInstance, devices: DeviceService): void {
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
}
