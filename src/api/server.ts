import closeWithGrace from 'close-with-grace'
import { type Config, ConfigError, configHelp, readConfig, readFlags } from './config.ts'
import { createLog } from './logging.ts'
import { startService } from './start.ts'

/** Why a start failed, as a sentence where we know one. */
function sentence(cause: unknown, config: Config): string | null {
  const { code, message = String(cause) } = cause as { code?: string; message?: string }
  const at = `${config.HOST}:${config.PORT}`
  if (code === 'EADDRINUSE') return `${at} is in use: stop what listens there, or set PORT to another one (0 takes any free one)`
  if (code === 'EACCES') return `this user may not listen on ${at}: set PORT to 1024 or above`
  if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND' || code === 'EAI_AGAIN')
    return `HOST ${config.HOST} is not an address of this machine: use 127.0.0.1 or 0.0.0.0`
  if ((cause as Error).name === 'StoreError') return message
  return null
}

async function main(): Promise<void> {
  let config: Config
  try {
    if (readFlags(process.argv.slice(2)).help) {
      process.stdout.write(configHelp())
      return
    }
    config = readConfig(process.env)
  } catch (cause) {
    if (!(cause instanceof ConfigError)) throw cause
    process.stderr.write(`Archmeter did not start:\n${cause.message.replace(/^/gm, '  ')}\n`)
    process.exitCode = 2
    return
  }
  const log = await createLog(config)
  let stopping = false
  // Before anything is opened, so that a signal during the start closes what there is.
  const starting = startService(config, log)
  closeWithGrace({ delay: config.SHUTDOWN_MS, logger: log, skip: ['SIGHUP'] }, async ({ signal, err }) => {
    stopping = true
    if (err) log.fatal({ err }, 'stopping after an error that nobody handled')
    else log.info(`${signal ?? 'end'}: stopping`)
    const service = await starting.catch(() => undefined)
    await service?.close()
    log.info('stopped')
  })
  try {
    const service = await starting
    if (!stopping) process.stdout.write(`Archmeter listens on ${service.url}\n`)
  } catch (cause) {
    const why = sentence(cause, config)
    if (why === null) log.fatal({ err: cause }, 'Archmeter did not start')
    process.stderr.write(`Archmeter did not start: ${why ?? (cause as Error).message}\n`)
    process.exit(1)
  }
}

await main()
