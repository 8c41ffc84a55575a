/**
 * `npm run backup -- FILE` and `npm run restore -- FILE`: the embedded database and the files of networks as one archive, and
 * back into an empty DATA_DIR. While a service runs there, its backup comes through it: `archmeter backup --server …`.
 */
import { createWriteStream } from 'node:fs'
import { rename, rm } from 'node:fs/promises'
import path from 'node:path'
import { pipeline } from 'node:stream/promises'
import { Command, CommanderError } from 'commander'
import { openStore, restoreBackup, type Store, StoreError } from '../store/index.ts'
import { ConfigError, readConfig } from './config.ts'
import { log, say } from './terminal.ts'

/** A path as whoever calls means it: npm goes to the folder of the package first. */
const fileOf = (given: string): string => path.resolve(process.env.INIT_CWD ?? '.', given)

/** Something that the user can mend, in words. */
class Refusal extends Error {}

const rowsOf = (rows: Readonly<Record<string, number>>): string =>
  Object.entries(rows)
    .filter(([, count]) => count > 0)
    .map(([table, count]) => `${count} ${table.replaceAll('_', ' ')}`)
    .join(', ') || 'nothing yet'

async function backup(file: string): Promise<void> {
  const { DATA_DIR: dataDir, DATABASE_URL: databaseUrl } = readConfig(process.env)
  const store = await openStore({ dataDir, databaseUrl, log })
  try {
    const { manifest, bytes } = await write(store, file)
    say(`${file}: ${bytes} bytes, ${rowsOf(manifest.rows)}`)
    for (const sha256 of manifest.damaged)
      say(`the file ${sha256} of a network is missing or damaged in ${dataDir}, and so in the backup; its runs with weights will fail`)
  } finally {
    await store.close()
  }
  await restoreBackup(file, null)
  say('read again and compared with its digests')
}

async function write(store: Store, file: string) {
  const made = await store.backup()
  const part = `${file}.part`
  try {
    await pipeline(made.stream(), createWriteStream(part, { mode: 0o600, flush: true }))
    await rename(part, file)
  } catch (cause) {
    await made.discard()
    await rm(part, { force: true })
    throw new Refusal(`${file} cannot be written: ${(cause as Error).message}`)
  }
  return made
}

async function restore(file: string, check: boolean): Promise<void> {
  const { DATA_DIR: dataDir, DATABASE_URL: databaseUrl } = readConfig(process.env)
  if (check) {
    const { manifest } = await restoreBackup(file, null)
    say(`${file} is whole: made ${manifest.madeAt}, ${rowsOf(manifest.rows)}`)
    return
  }
  if (databaseUrl !== undefined)
    throw new Refusal(
      'a backup of the embedded database goes into a DATA_DIR: unset DATABASE_URL. A server is restored by pg_restore --no-owner --exit-on-error --dbname="$DATABASE_URL" archmeter.dump',
    )
  const { manifest, toApply } = await restoreBackup(file, dataDir)
  // Opened once, so that what does not open is known now, and not at the next start.
  await (await openStore({ dataDir, log })).close()
  say(`restored into ${dataDir}: ${rowsOf(manifest.rows)}${toApply.length > 0 ? `; brought up to date by ${toApply.join(', ')}` : ''}`)
  for (const sha256 of manifest.damaged) say(`the file ${sha256} of a network was missing or damaged when the backup was made`)
}

const program = new Command('npm run')
  .description('Backups of the embedded database in DATA_DIR. With DATABASE_URL they are made by pg_dump, and backup says how.')
  .exitOverride()
program
  .command('backup')
  .summary('back DATA_DIR up, while no service runs there')
  .argument('<file>', 'the archive to write, such as archmeter.tar')
  .action((file: string) => backup(fileOf(file)))
program
  .command('restore')
  .summary('restore a backup into an empty DATA_DIR')
  .argument('<file>', 'an archive that backup wrote')
  .option('--check', 'compare it with its digests and write nothing')
  .action((file: string, { check }: { check?: boolean }) => restore(fileOf(file), check === true))

try {
  await program.parseAsync(process.argv)
} catch (cause) {
  if (cause instanceof CommanderError) process.exitCode = cause.exitCode === 0 ? 0 : 2
  else if (cause instanceof StoreError && cause.code === 'DATA_FOLDER_IN_USE') {
    say(`${cause.message}. A service is backed up while it runs by: archmeter backup archmeter.tar --server http://127.0.0.1:3000`)
    process.exitCode = 1
  } else if (cause instanceof StoreError || cause instanceof ConfigError || cause instanceof Refusal) {
    say(cause.message)
    process.exitCode = 1
  } else throw cause
}
