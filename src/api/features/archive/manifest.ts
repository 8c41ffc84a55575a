import { type Static, Type } from 'typebox'
import { nullable, Timestamp } from '../../schemas.ts'

export const ArchiveQuery = Type.Object(
  {
    by: Type.Optional(
      Type.Enum(['all', 'me'], {
        title: 'ExportBy',
        default: 'all',
        description: 'Whose work it holds. Default `all`.',
        enumDescriptions: {
          all: 'What everybody made.',
          me: 'What the key that asks made: networks that it registered or timed, and runs and sweeps that it queued.',
        },
      }),
    ),
  },
  { additionalProperties: false },
)
export type ArchiveQuery = Static<typeof ArchiveQuery>

export const manifestName = 'manifest.json'
export const sumsName = 'SHA256SUMS'

const count = (description: string) => Type.Integer({ minimum: 0, description })

/** The last file of an archive: without it the archive was cut off. */
export const ArchiveManifest = Type.Object(
  {
    format: Type.Literal('archmeter-export'),
    version: Type.Literal(1, { description: 'Of the format.' }),
    archmeter: Type.String({ description: 'Version of the service that wrote it.' }),
    at: { ...Timestamp, description: 'The moment that everything in it is of.' },
    keyId: nullable(Type.String({ format: 'uuid', description: 'The key whose work alone it holds; null: that of all.' })),
    counts: Type.Object({
      architectures: count('Folders below architectures/.'),
      files: count('Uploaded models with weights, and their files of external data.'),
      runs: count('Folders below runs/.'),
      comparisons: count('How many of the runs time two sides in turns.'),
      samples: count('Timed calls in the files samples.csv, together.'),
      samplesExpired: count('Runs whose samples had been dropped for their age: they have histogram.json instead.'),
      sweeps: count('Files below sweeps/.'),
    }),
    missing: Type.Array(Type.String(), { description: 'Digests of files that the service did not have any more, or not whole.' }),
    sums: Type.String({ pattern: '^[0-9a-f]{64}$', description: `SHA-256 of ${sumsName}, which has that of every other file.` }),
  },
  { title: 'ArchiveManifest', description: 'What an archive of everything holds.' },
)
export type ArchiveManifest = Static<typeof ArchiveManifest>
