import { validateHeaderName, validateHeaderValue } from 'node:http'

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

/**
 * What is wrong with the settings of a collector: a sentence for each, which shows neither, since both may hold a password.
 * @param endpoint as OTEL_EXPORTER_OTLP_ENDPOINT has it. @param headers as OTEL_EXPORTER_OTLP_HEADERS has them.
 */
export function otlpProblems(endpoint: string | undefined, headers: string | undefined): string[] {
  const problems: string[] = []
  if (endpoint !== undefined && !URL.canParse(endpoint))
    problems.push('OTEL_EXPORTER_OTLP_ENDPOINT is no URL: it must look like http://collector:4318')
  else if (endpoint !== undefined && (new URL(endpoint).username || new URL(endpoint).password))
    problems.push('OTEL_EXPORTER_OTLP_ENDPOINT must hold no user and password, which the log would show: use OTEL_EXPORTER_OTLP_HEADERS')
  try {
    for (const [name, value] of Object.entries(otlpHeaders(headers))) {
      validateHeaderName(name)
      validateHeaderValue(name, value)
    }
  } catch (error) {
    problems.push(
      error instanceof URIError
        ? 'OTEL_EXPORTER_OTLP_HEADERS is not percent-encoded: write % as %25'
        : 'OTEL_EXPORTER_OTLP_HEADERS has a name or a value that no HTTP header may have',
    )
  }
  return problems
}
