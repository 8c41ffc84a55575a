import closeWithGrace from 'close-with-grace'
import { makeDataFolder } from '../store/data-folder.ts'
import { type Config, ConfigError, configHelp, readConfig, readFlags } from './config.ts'
import { createLog } from './logging.ts'
import { version } from './version.ts'

/** Why a start failed, as a sentence where we know one. */
function sentence(cause: unknown, config: Config): string | null {
  const { code, message = String(cause) } = cause as { code?: string; message?: string }
  const at = `${config.HOST}:${config.PORT}`
  if (code === 'EADDRINUSE') return `${at} is in use: stop what listens there, or set PORT to another one (0 takes any free one)`
  if (code === 'EACCES') return `this user may not listen on ${at}: set PORT to 1024 or above`
  if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND' || code === 'EAI_AGAIN')
    return `HOST ${config.HOST} is not an address of this machine: use 127.0.0.1 or 0.0.0.0`
  if (['StoreError', 'RefusedStart'].includes((cause as Error).name)) return message
  return null
}

/** A folder that cannot be made ends the start before the service is loaded and its processes run. @throws StoreError DATA_FOLDER_UNUSABLE */
async function requireFolder({ DATABASE_URL, DATA_DIR }: Config): Promise<void> {
  if (DATABASE_URL === undefined) await makeDataFolder(DATA_DIR)
}

/**
 * Ctrl-C under npm arrives twice: from the terminal, and again from npm, which passes it on. A second signal within this
 * time is that copy; a later one ends the process at once.
 */
const sameWishMs = 1000

async function main(): Promise<void> {
  let config: Config
  try {
    const flags = readFlags(process.argv.slice(2))
    if (flags.help || flags.version) {
      process.stdout.write(flags.help ? configHelp() : `${version}\n`)
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
  // Loaded only now, since --help and a wrong setting do not need it. A signal during the start closes what is open by then.
  const starting = requireFolder(config)
    .then(() => import('./start.ts'))
    .then(({ startService }) => startService(config, log))
  const { close } = closeWithGrace({ delay: config.SHUTDOWN_MS, logger: log, skip: ['SIGHUP', 'SIGINT', 'SIGTERM'] }, async ({ err }) => {
    if (err) log.fatal({ err }, 'stopping after an unhandled error')
    else if (!stopping) log.info('stopping')
    stopping = true
    const service = await starting.catch(() => undefined)
    await service?.close()
    log.info('stopped')
  })
  let signalled = 0
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.on(signal, () => {
      if (signalled === 0) {
        signalled = performance.now()
        stopping = true
        log.info(`${signal}: stopping`)
        void close()
      } else if (performance.now() - signalled > sameWishMs) {
        log.error(`a second ${signal}: ending at once`)
        process.exit(1)
      }
    })
  try {
    await starting
  } catch (cause) {
    const why = sentence(cause, config)
    if (why === null) log.fatal({ err: cause }, 'Archmeter did not start')
    process.stderr.write(`Archmeter did not start: ${why ?? (cause as Error).message}\n`)
    process.exit(1)
  }
}

await main()
