import type { FastifyInstance } from 'fastify'
import type { Logger } from 'pino'
import { openStore } from '../store/index.ts'
import { buildApp } from './app.ts'
import type { Config } from './config.ts'
import { createPool, createServices } from './services.ts'

export interface RunningService {
  app: FastifyInstance
  /** Where it listens, e.g. `http://127.0.0.1:3000`. */
  url: string
  /** Stops taking requests, ends those under way, closes what was opened, in reverse order. */
  close(): Promise<void>
}

/** Opens the store, starts what the role asks for, and listens. What was opened is closed again where a later step fails. */
export async function startService(config: Config, log: Logger): Promise<RunningService> {
  const opened: (() => Promise<unknown>)[] = []
  const close = async () => {
    for (const undo of opened.splice(0).reverse())
      await undo().catch((err: unknown) => log.error({ err }, 'something did not close cleanly'))
  }
  try {
    const store = await openStore({ dataDir: config.DATA_DIR, databaseUrl: config.DATABASE_URL, log })
    opened.push(() => store.close())
    const pool = createPool(config)
    opened.push(() => pool.close())
    const services = createServices({ config, store, pool })
    const app = await buildApp({
      config,
      log,
      services: config.ROLE === 'worker' ? null : services,
      checks: { store: () => store.ping() },
    })
    opened.push(() => app.close())
    await pool.ready()
    const url = await app.listen({ host: config.HOST, port: config.PORT })
    return { app, url, close }
  } catch (cause) {
    await close()
    throw cause
  }
}
