import type { Command } from 'commander'
import { withServer } from '../options.ts'
import { connect } from '../server/client.ts'
import { saveDownload } from '../server/save.ts'

/** `archmeter export-all`: everything that was made with a service, as one archive that needs no Archmeter to be read. */
export function addExportAll(program: Command): void {
  const command = program.command('export-all').argument('<file>', 'the archive to write, such as archmeter-export.tar')
  command
    .summary('export everything from a server as one archive')
    .description(
      'Writes the networks of a service with the files they were registered from, its runs with their samples, and its sweeps, as they are at ' +
        'one moment, into one tar archive: the answers of the HTTP API as JSON, samples as CSV, files as they were uploaded.',
    )
  withServer(command)
    .option('--mine', 'only what the key in ARCHMETER_KEY made')
    .addHelpText(
      'after',
      `
Any key will do, in ARCHMETER_KEY, where the service has keys. SHA256SUMS in the archive has the digest of every file; manifest.json comes last
and says what there is. A network is registered again from its graph.json, or its model/model.onnx with the files beside it.

Examples:
  archmeter export-all archmeter-export.tar --server http://localhost:3000
  tar -xf archmeter-export.tar && sha256sum --check --quiet SHA256SUMS`,
    )
    .action(async (file: string, { server, mine }: { server?: string; mine?: boolean }) => {
      const path = mine ? 'v1/export?by=me' : 'v1/export'
      const { body } = await connect(server, 'exported').download(path, 'application/x-tar')
      await saveDownload(body, file)
    })
}
