import type { Command } from 'commander'
import { withServer } from '../options.ts'
import { connect } from '../server/client.ts'
import { saveDownload } from '../server/save.ts'

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
      const { body } = await connect(server, 'backed up').download('v1/backup', 'application/x-tar')
      await saveDownload(body, file)
    })
}
