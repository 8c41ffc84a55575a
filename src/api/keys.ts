/**
 * `npm run keys -- create|list|quota|weight|usage|revoke`: API keys without going through the service, in DATA_DIR while none runs there, or in
 * DATABASE_URL at any time. Whoever may write there may make keys. They go to standard output, everything else beside it:
 * `ARCHMETER_KEY=$(npm run -s keys -- create …)`.
 */
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander'
import { schemaViolations } from '../engine/schema-violations.ts'
import { type AuditAction, openStore, StoreError } from '../store/index.ts'
import { auditLine } from './access/audit-trail.ts'
import { type Role, roles } from './access/roles.ts'
import { ConfigError, readConfig } from './config.ts'
import { ApiError } from './errors.ts'
import { type KeyAnswer, NewKey, type QuotasAnswer } from './features/keys/schema.ts'
import { hasExpired, KeyService } from './features/keys/service.ts'
import { log, say } from './terminal.ts'

/** Whoever may write where the keys lie may do all; no request asks. */
const byCommand = (action: AuditAction) => auditLine(action, { role: 'admin', key: null }, null)

async function withKeys<T>(work: (keys: KeyService) => Promise<T>): Promise<T> {
  const { DATA_DIR: dataDir, DATABASE_URL: databaseUrl } = readConfig(process.env)
  const store = await openStore({ dataDir, databaseUrl, log })
  try {
    return await work(new KeyService(store, null))
  } finally {
    await store.close()
  }
}

/** `90d`, `12h`, a date, which ends as its day begins in UTC, or a moment. @returns it as an ISO date-time. */
function readExpiry(text: string): string {
  const [, count, unit] = /^(\d{1,5})([dh])$/.exec(text) ?? []
  if (count) return new Date(Date.now() + Number(count) * (unit === 'd' ? 86_400_000 : 3_600_000)).toISOString()
  const moment = /^\d{4}-\d\d-\d\d$/.test(text) ? `${text}T00:00:00Z` : text
  // Not by Date alone, which reads 2027-02-30 as a day of March, and much else in the zone of this machine.
  if (!isMoment(moment) || Number.isNaN(Date.parse(moment)))
    throw new InvalidArgumentError('it must be a time from now, such as 90d or 12h, or a date, such as 2027-01-31 or 2027-01-31T12:00:00Z.')
  return new Date(moment).toISOString()
}
const isMoment = (text: string): boolean => schemaViolations(NewKey.properties.expiresAt, text).length === 0

function stateOf({ revokedAt, expiresAt }: KeyAnswer): string {
  if (revokedAt) return `revoked ${revokedAt.slice(0, 10)}`
  if (!expiresAt) return 'valid'
  return hasExpired({ expiresAt: new Date(expiresAt) }) ? `expired ${expiresAt.slice(0, 10)}` : `until ${expiresAt.slice(0, 10)}`
}

/** Columns as wide as their widest cell. */
function table(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]!.map((_, i) => Math.max(...rows.map((row) => row[i]!.length)))
  return rows
    .map(
      (row) =>
        `${row
          .map((cell, i) => cell.padEnd(widths[i]!))
          .join('  ')
          .trimEnd()}\n`,
    )
    .join('')
}

const program = new Command('keys')
  .description('API keys of the service. DATA_DIR or DATABASE_URL say which one, as at its start.')
  .exitOverride()
const noQuotas: QuotasAnswer = { runsPerHour: null, deviceSecondsPerDay: null, bytesStored: null }

/** A whole number, or `none`: commander would make an empty text of null. */
function readQuota(text: string): number | 'none' {
  if (text === 'none') return text
  if (!/^\d{1,15}$/.test(text)) throw new InvalidArgumentError('it must be a whole number, or none.')
  return Number(text)
}

/** A whole number; its bounds are the service's. */
function readWeight(text: string): number {
  if (!/^\d{1,5}$/.test(text)) throw new InvalidArgumentError('it must be a whole number from 1 to 1000.')
  return Number(text)
}

/** Bytes: `500MB`, `10GiB`, a whole number, or `none`. */
function readBytes(text: string): number | 'none' {
  if (text === 'none') return text
  const [, count, prefix = '', binary] = /^(\d{1,15})(?:([kMGT])(i)?B)?$/.exec(text) ?? []
  if (count === undefined) throw new InvalidArgumentError('it must be a number of bytes, such as 500MB or 10GiB, or none.')
  return Number(count) * (binary ? 1024 : 1000) ** ['', 'k', 'M', 'G', 'T'].indexOf(prefix)
}

type GivenQuotas = Partial<Record<keyof QuotasAnswer, number | 'none'>>
/** Quotas as given over those that stand. */
const withGiven = (standing: QuotasAnswer, given: GivenQuotas): QuotasAnswer => ({
  ...standing,
  ...Object.fromEntries(Object.entries(given).map(([name, value]) => [name, value === 'none' ? null : value])),
})
const quotaOptions = (command: Command): Command =>
  command
    .option('--runs-per-hour <n>', 'runs that it may queue in an hour, or none', readQuota)
    .option('--device-seconds-per-day <s>', 'seconds for which its runs may hold devices in a day (UTC), or none', readQuota)
    .option('--bytes-stored <bytes>', 'bytes of networks that it may keep, such as 10GB, or none', readBytes)

/** The key that a beginning or an id names. The whole key will do as well: whoever found it somewhere has nothing else. */
async function find(keys: KeyService, which: string): Promise<KeyAnswer> {
  const found = (await keys.list()).filter(({ id, prefix }) => id === which || which === prefix || which.startsWith(`${prefix}_`))
  if (found.length > 1) throw new ApiError('INVALID_REQUEST', `several keys begin so: use an id, ${found.map(({ id }) => id).join(' or ')}`)
  if (found.length === 0) throw new ApiError('KEY_NOT_FOUND', 'no key of this id or beginning: list shows them all')
  return found[0]!
}

const create = program
  .command('create')
  .description('makes a key and prints it, once')
  .requiredOption('--name <name>', 'whose it is, or what for')
  .addOption(new Option('--role <role>', 'what it may do; the first one must be an admin’s').choices([...roles]).makeOptionMandatory())
  .option('--expires <when>', 'when it ends: 90d, 12h or a date; never if left out', readExpiry)
  .option('--weight <n>', 'its share of a device, against the weights of other keys whose runs wait; 1 if left out', readWeight)
type Given = { name: string; role: Role; expires?: string; weight?: number } & GivenQuotas
quotaOptions(create).action(async ({ name, role, expires, weight = 1, ...given }: Given) => {
  const quotas = withGiven(noQuotas, given)
  const made = await withKeys((keys) =>
    keys.create({ name, role, quotas, weight, ...(expires ? { expiresAt: expires } : {}) }, byCommand('createKey')),
  )
  process.stdout.write(`${made.key}\n`)
  say(`made ${made.prefix}, a key of the role ${role}. It is shown this once: keep it where only its user can read it.`)
  say('send it as "Authorization: Bearer amk_…"; from now on the service takes no call without a key.')
})
const which = 'its beginning, as list shows it (amk_0a1b2c3d), or its id'
const setQuotas = program
  .command('quota')
  .description('sets what a key may use; what is not given stays as it was')
  .argument('<key>', which)
quotaOptions(setQuotas).action(async (named: string, given: GivenQuotas) => {
  if (Object.keys(given).length === 0)
    throw new ApiError('INVALID_REQUEST', 'say which quota: --runs-per-hour, --device-seconds-per-day or --bytes-stored')
  const { prefix, quotas } = await withKeys(async (keys) => {
    const key = await find(keys, named)
    return keys.setQuotas(key.id, withGiven(key.quotas, given), byCommand('setQuotas'))
  })
  const shown = Object.entries(quotas).map(([name, value]) => `${name} ${value ?? 'none'}`)
  say(`${prefix}: ${shown.join(', ')}`)
})
program
  .command('weight')
  .description('sets the share of a device that a key gets while runs of other keys wait for it as well')
  .argument('<key>', which)
  .argument('<n>', 'from 1 to 1000: 3 gets three times as much as 1', readWeight)
  .action(async (named: string, n: number) => {
    const { prefix, weight } = await withKeys(async (keys) => keys.setWeight((await find(keys, named)).id, n, byCommand('setKeyWeight')))
    say(`${prefix}: weight ${weight}`)
  })
program
  .command('usage')
  .description('what a key uses, and may use, as JSON')
  .argument('<key>', which)
  .action(async (named: string) => {
    const usage = await withKeys(async (keys) => keys.usage((await find(keys, named)).id))
    process.stdout.write(`${JSON.stringify(usage, null, 2)}\n`)
  })
program
  .command('list')
  .description('lists every key ever made')
  .option('--json', 'as JSON')
  .action(async ({ json }: { json?: boolean }) => {
    const keys = await withKeys((all) => all.list())
    if (json) process.stdout.write(`${JSON.stringify(keys, null, 2)}\n`)
    else if (keys.length === 0) say('no key has been made')
    else
      process.stdout.write(
        table([
          ['key', 'role', 'weight', 'state', 'last used', 'name'],
          ...keys.map((key) => [
            ...[key.prefix, key.role, String(key.weight), stateOf(key)],
            ...[key.lastUsedAt?.slice(0, 16).replace('T', ' ') ?? 'never', key.name],
          ]),
        ]),
      )
  })
program
  .command('revoke')
  .description('revokes a key: services of the same database refuse it within seconds')
  .argument('<key>', which)
  .option('--force', 'also the last valid key of an admin')
  .action(async (named: string, { force }: { force?: boolean }) => {
    const revoked = await withKeys(async (keys) => keys.revoke((await find(keys, named)).id, byCommand('revokeKey'), force))
    say(`revoked ${revoked.prefix} (${revoked.name})`)
  })

try {
  await program.parseAsync(process.argv)
} catch (cause) {
  if (cause instanceof CommanderError) process.exitCode = cause.exitCode === 0 ? 0 : 2
  else if (cause instanceof StoreError && cause.code === 'DATA_FOLDER_IN_USE') {
    say(`${cause.message}. Or, while the service runs, make keys through it: POST /v1/keys`)
    process.exitCode = 1
  } else if (cause instanceof StoreError || cause instanceof ApiError || cause instanceof ConfigError) {
    say(cause.message)
    process.exitCode = 1
  } else throw cause
}
