import { stringify } from 'csv-stringify/sync'

/** CSV by RFC 4180, with a header line. */
export const csv = (columns: readonly string[], rows: readonly (string | number)[][]): string =>
  stringify([columns as string[], ...rows], { record_delimiter: 'windows' })
