import { type Logger, type LoggerOptions, pino } from 'pino'
import type { Config } from './config.ts'

/** What is never written to the log, wherever it turns up. */
const redact = ['authorization', 'cookie', 'DATABASE_URL', 'databaseUrl', 'password', 'connectionString'].flatMap((name) => [
  name,
  `*.${name}`,
  `*.*.${name}`,
])

/** How the log is written: its level, and nothing secret in it. */
export const logOptions = (config: Config): LoggerOptions => ({
  level: config.LOG_LEVEL,
  redact: { paths: redact, censor: '[redacted]' },
  base: undefined,
})

/** The log: a line of JSON an event, or one for people where LOG_FORMAT says so. */
export async function createLog(config: Config): Promise<Logger> {
  const options = logOptions(config)
  const pretty = config.LOG_FORMAT === 'pretty' || (config.LOG_FORMAT === 'auto' && process.stdout.isTTY === true)
  if (!pretty) return pino(options)
  const { default: build } = await import('pino-pretty')
  return pino(options, build({ colorize: process.stdout.isTTY === true, translateTime: 'HH:MM:ss.l', ignore: 'requestId' }))
}
