import { stringify } from 'csv-stringify/sync'
import type { Table } from './cost-tables.ts'

/** CSV by RFC 4180, with a header line. */
export const csv = ({ columns, rows }: Table): string => stringify([columns, ...rows], { record_delimiter: 'windows' })
