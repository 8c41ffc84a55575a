import { createWriteStream } from 'node:fs'
import { rename, rm } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { Command } from 'commander'
import { CliError } from '../failure.ts'
import { withServer } from '../options.ts'
import { connect } from '../server/client.ts'

/** `archmeter backup`: everything that a service with an embedded database keeps, as one archive. */
export function addBackup(program: Command): void {
  const command = program.command('backup').argument('<file>', 'the archive to write, such as archmeter.tar')
  command
    .summary('back up a server while it runs')
    .description(
      'Writes what a service with an embedded database keeps, as it is at one moment, into one archive: networks with their files, runs, samples, keys. ' +
        'A service on PostgreSQL says how pg_dump makes one.',
    )
  withServer(command)
    .addHelpText(
      'after',
      `
It takes an admin's key, in ARCHMETER_KEY, where the service has keys. The archive is restored on the service's machine, into an empty
folder: DATA_DIR=/new/folder npm run restore -- archmeter.tar, and checked by npm run restore -- --check archmeter.tar.

Examples:
  archmeter backup archmeter.tar --server http://localhost:3000
  archmeter backup "archmeter-$(date +%F).tar"`,
    )
    .action(async (file: string, { server }: { server?: string }) => {
      const { bytes, body } = await connect(server, 'backed up').download('v1/backup', 'application/x-tar')
      // Under another name until it is whole: an answer that is cut off ends with an error, since its length is known.
      const part = `${file}.part`
      try {
        await pipeline(Readable.fromWeb(body as Parameters<typeof Readable.fromWeb>[0]), createWriteStream(part, { mode: 0o600 }))
        await rename(part, file)
      } catch (cause) {
        await rm(part, { force: true })
        throw new CliError(`${file} was not written: ${(cause as Error).message}`)
      }
      process.stderr.write(`${file}: ${bytes} bytes\n`)
    })
}
