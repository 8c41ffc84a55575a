import { styleText } from 'node:util'
import type { Table } from '../engine/formats/cost-tables.ts'
import { csv } from '../engine/formats/csv.ts'

export const outputFormats = ['table', 'json', 'csv', 'md'] as const
export type OutputFormat = (typeof outputFormats)[number]

/** What a command has to say, before it is known how. */
export interface Report {
  /** For programs: exact and whole. */
  json: unknown
  /** Exact, a table whole. */
  csv: Table
  /** For people, in this order. */
  sections: Section[]
}

export interface Section {
  title?: string
  /** Figures as people read them. */
  table?: Table
  /** Sentences below it. */
  notes?: string[]
}

/** Colors are for a terminal alone (no-color.org). */
const inColor = (): boolean =>
  process.stdout.isTTY === true && process.env.NO_COLOR === undefined && process.env.TERM !== 'dumb' && !process.argv.includes('--no-color')
const paint = (style: 'bold' | 'dim', text: string): string => (inColor() ? styleText(style, text) : text)

/** Numbers stand to the right; so does text that shows one. */
const isNumber = (value: string | number): boolean => typeof value === 'number' || /^[+×-]?[\d,.]+( ([kMGTP]?i?B?|%))?$/.test(value)

const isNumeric = (rows: Table['rows'], i: number): boolean =>
  rows.some((row) => row[i] !== '') && rows.every((row) => row[i] === '' || isNumber(row[i]!))

function textTable({ columns, rows }: Table): string {
  const cells = rows.map((row) => row.map(String))
  const widths = columns.map((column, i) => Math.max(column.length, ...cells.map((row) => (row[i] ?? '').length)))
  const right = columns.map((_, i) => isNumeric(rows, i))
  const line = (row: readonly string[]) =>
    row
      .map((value, i) => (right[i] ? value.padStart(widths[i]!) : value.padEnd(widths[i]!)))
      .join('  ')
      .trimEnd()
  return [paint('bold', line(columns)), ...cells.map(line)].join('\n')
}

const escaped = (value: string | number): string =>
  String(value)
    .replace(/[\\|`*_<>]/g, '\\$&')
    .replace(/\s+/g, ' ')

function markdownTable({ columns, rows }: Table): string {
  const right = columns.map((_, i) => isNumeric(rows, i))
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
  return [
    line(columns.map(escaped)),
    line(right.map((each) => (each ? '---:' : '---'))),
    ...rows.map((row) => line(row.map(escaped))),
  ].join('\n')
}

const writeSection = ({ title, table, notes = [] }: Section, markdown: boolean): string =>
  [
    ...(title === undefined ? [] : [markdown ? `**${escaped(title)}**\n` : paint('bold', title)]),
    ...(table ? [markdown ? markdownTable(table) : textTable(table)] : []),
    ...notes.map((note) => (markdown ? `\n${escaped(note)}` : paint('dim', note))),
  ].join('\n')

/** A report in a format, with a line feed at its end. */
export function write(report: Report, format: OutputFormat): string {
  if (format === 'json') return `${JSON.stringify(report.json, null, 2)}\n`
  if (format === 'csv') return csv(report.csv)
  return `${report.sections.map((section) => writeSection(section, format === 'md')).join('\n\n')}\n`
}
