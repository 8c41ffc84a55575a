/** Registrations a second of ResNet-50 as JSON, on Postgres. */
import { median } from '../figure.ts'
import { call, ready, type Started } from '../service.ts'
import { withPostgres } from './postgres.ts'
import { type Part, share } from './row.ts'
import { serve } from './tree.ts'

const connections = 8
const seconds = 4

/** Each under a name of its own, as fast as they are answered. @throws Error where one is refused. */
async function registrations(url: string, spec: object, block: number): Promise<number> {
  const until = performance.now() + seconds * 1000
  let done = 0
  await Promise.all(
    Array.from({ length: connections }, async (_, i) => {
      for (let n = 0; performance.now() < until; n++) {
        await call(`${url}/v1/architectures`, { ...spec, name: `r50-${block}-${i}-${n}` })
        done++
      }
    }),
  )
  return done / seconds
}

export const part: Part = {
  name: 'registrations',
  run: (trees) =>
    withPostgres(async (database) => {
      const services: Started[] = []
      try {
        for (const [i, tree] of trees.entries()) {
          const service = await serve(tree, { DATABASE_URL: await database(`registrations_${i}`), RATE_LIMIT: '0' })
          services.push(service)
          await ready(service)
        }
        // As the older build writes it, so that both can read it.
        const { links } = await call<{ links: { self: string } }>(`${services[0]!.url}/v1/architectures`, {
          name: 'r50',
          zoo: { preset: 'resnet50' },
        })
        const spec = await call<object>(`${services[0]!.url}${links.self}/export?format=json`)
        const rates: [number[], number[]] = [[], []]
        for (let block = 0; block <= 5; block++)
          for (const [i, { url }] of services.entries()) {
            const rate = await registrations(url, spec, block)
            if (block > 0) rates[i]!.push(rate)
          }
        const row = {
          what: 'registrations a second, ResNet-50 by JSON, Postgres',
          unit: '/s',
          note: `${connections} at once, 5 blocks of ${seconds} s each, in turns`,
        }
        return [share(row, median(rates[0]), median(rates[1]), { atLeast: 3 })]
      } finally {
        for (const service of services) await service.stop()
      }
    }),
}
