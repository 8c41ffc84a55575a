/** What the pages written by commands share. */

/** A count with thousands separated, the same on every machine. */
export const grouped = (value: number): string => String(value).replace(/\B(?=(\d{3})+$)/g, ',')

/** One number where ours is theirs, and both where not. */
export const agreed = (ours: number, theirs: number): string =>
  ours === theirs ? grouped(ours) : `**${grouped(ours)} here, ${grouped(theirs)} there**`

/** A table; columns whose heading ends in a colon are aligned right, as counts are. */
export function table(headings: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  const line = (cells: readonly (string | number)[]) => `| ${cells.map((cell) => String(cell).replaceAll('|', '\\|')).join(' | ')} |`
  const rule = headings.map((heading) => (heading.endsWith(':') ? '---:' : '---'))
  return [line(headings.map((heading) => heading.replace(/:$/, ''))), line(rule), ...rows.map(line)].join('\n')
}
