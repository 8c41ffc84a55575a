/**
 * Headers as the specification of OTLP exporters writes them: `name=value` with commas between, values percent-encoded.
 * @throws URIError where a value is not.
 */
export const otlpHeaders = (text = ''): Record<string, string> =>
  Object.fromEntries(
    text
      .split(',')
      .filter((pair) => pair.includes('='))
      .map((pair) => {
        const at = pair.indexOf('=')
        return [pair.slice(0, at).trim(), decodeURIComponent(pair.slice(at + 1).trim())]
      }),
  )
