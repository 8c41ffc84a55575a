import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { type Static, Type } from 'typebox'
import { nearest } from '../engine/nearest.ts'
import { schemaViolations } from '../engine/schema-violations.ts'
import { defaultCudaFolder } from '../gpu/cuda-folder.ts'
import { defaultTensorflowFolder } from '../gpu/tensorflow-folder.ts'
import { isSafeUrl } from './access/safe-url.ts'
import { allowedProblems } from './access/targets.ts'
import { coerceStrings } from './coerce.ts'
import { otlpProblems } from './otlp.ts'

const MiB = 2 ** 20

/** All settings, read from environment variables of these names. Defaults are stated here only. */
export const ConfigSchema = Type.Object(
  {
    HOST: Type.String({
      default: '127.0.0.1',
      minLength: 1,
      description: 'Address to listen on; 0.0.0.0 opens the service to the network, which takes an API key (npm run keys).',
    }),
    ALLOW_ANONYMOUS: Type.Boolean({
      default: false,
      description:
        'Start on an address other than loopback, or behind a proxy (TRUST_PROXY), although no API key has been made: whoever reaches it may then do all that a runner may. Once a key has been made it changes nothing.',
    }),
    OIDC_ISSUER: Type.Optional(
      Type.String({
        pattern: '^https?://[^ ?#]+$',
        examples: ['https://login.example/realms/lab'],
        description:
          'Issuer of OpenID Connect whose tokens are taken beside API keys, as their claim iss has it. Needs OIDC_AUDIENCE; http on this machine alone. Set, every call needs a key or a token.',
      }),
    ),
    OIDC_AUDIENCE: Type.Optional(
      Type.String({ minLength: 1, examples: ['archmeter'], description: 'What the claim aud of a token must name: this service.' }),
    ),
    OIDC_ROLE_CLAIM: Type.String({
      default: 'roles',
      pattern: '^[^. ]+(\\.[^. ]+)*$',
      description:
        'Claim of a token that says what its holder may do: a list, or a text with spaces; dots lead into an object, as in realm_access.roles.',
    }),
    OIDC_ROLES: Type.String({
      default: 'reader=reader,runner=runner,admin=admin',
      pattern: '^ *(reader|runner|admin)=[^,]+(, *(reader|runner|admin)=[^,]+)*$',
      description: 'Which value of that claim gives which role, as role=value with commas between; the highest one counts.',
    }),
    PORT: Type.Integer({ default: 3000, minimum: 0, maximum: 65535, description: 'Port to listen on; 0 takes any free one.' }),
    DATA_DIR: Type.String({
      default: fileURLToPath(new URL('../../data', import.meta.url)),
      minLength: 1,
      description: 'Folder of the embedded database and of uploaded files. With DATABASE_URL: only cached copies of uploads.',
    }),
    DATABASE_URL: Type.Optional(
      Type.String({
        pattern: '^postgres(ql)?://',
        examples: ['postgres://user:password@host:5432/archmeter'],
        secret: true,
        description: 'A Postgres (15 or newer) to use instead of the embedded database.',
      }),
    ),
    ROLE: Type.Enum(['all', 'api', 'worker'], {
      default: 'all',
      description: 'What this process does: all; api (HTTP and GraphQL, no runs); worker (runs, and HTTP for health and metrics only).',
    }),
    LOG_LEVEL: Type.Enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'], {
      default: 'info',
      description: 'Lowest level to log.',
    }),
    LOG_FORMAT: Type.Enum(['auto', 'json', 'pretty'], {
      default: 'auto',
      description: 'json: one line per event; pretty: for people; auto: pretty on a terminal, json elsewhere.',
    }),
    RATE_LIMIT: Type.Integer({
      default: 0,
      minimum: 0,
      maximum: 1_000_000,
      description: 'Requests per minute that one address may make; 0: no limit.',
    }),
    TRUST_PROXY: Type.Boolean({
      default: false,
      description:
        'Trust X-Forwarded-* headers. Set it only behind a proxy that sets them. Through it others reach the service, so an API key must have been made.',
    }),
    ALLOWED_HOSTS: Type.Optional(
      Type.String({
        pattern: '^(\\*|[\\w.-]+(, ?[\\w.-]+)*)$',
        examples: ['archmeter.example,gpu-box.lan'],
        description:
          "Names by which the service may be called besides localhost, IP addresses, this machine's name and HOST: with commas between, or * for any, which lets a page that rebinds its name call it.",
      }),
    ),
    CORS_ORIGIN: Type.Optional(
      Type.String({
        pattern: '^(\\*|https?://[^/ ]+)$',
        examples: ['https://dashboard.example'],
        description:
          'The one other origin whose pages may call the API and open websockets from a browser, or *. Not set: none; they change nothing and read nothing.',
      }),
    ),
    MAX_BODY_BYTES: Type.Integer({
      default: 2 * MiB,
      minimum: 1024,
      maximum: 16 * MiB,
      description: 'Largest request body accepted, bytes.',
    }),
    MAX_UPLOAD_BYTES: Type.Integer({
      default: 1024 * MiB,
      minimum: 1024,
      maximum: 2048 * MiB - 1,
      description: 'Largest file taken as an upload, bytes; an ONNX file ends at 2 GiB.',
    }),
    MIN_TRANSFER_RATE: Type.Integer({
      default: 8192,
      minimum: 0,
      maximum: 2 ** 30,
      description:
        'Lowest rate at which a client must send a body and read an answer, bytes per second; 0: no minimum. Slower clients are disconnected.',
    }),
    TRANSFER_WINDOW_MS: Type.Integer({
      default: 15_000,
      minimum: 100,
      maximum: 600_000,
      description: 'Time over which that rate is averaged, ms: a client may pause for this long.',
    }),
    MAX_TRANSFER_MS: Type.Integer({
      default: 3_600_000,
      minimum: 1000,
      maximum: 86_400_000,
      description: 'Longest time for sending a body or reading an answer, ms.',
    }),
    MAX_LAYERS: Type.Integer({ default: 10_000, minimum: 1, maximum: 100_000, description: 'Most layers one architecture may have.' }),
    MAX_ELEMENTS: Type.Integer({
      default: 2 ** 40,
      minimum: 1,
      maximum: Number.MAX_SAFE_INTEGER,
      description: 'Most elements that one tensor of an architecture may have, for one image.',
    }),
    MAX_VERIFY_MS: Type.Integer({
      default: 10_000,
      minimum: 100,
      maximum: 600_000,
      description: 'Longest time that reading or costing one architecture may take, ms.',
    }),
    VERIFY_PROCESSES: Type.Integer({ default: 1, minimum: 1, maximum: 64, description: 'Processes that read and cost architectures.' }),
    MAX_WAITING_PER_DEVICE: Type.Integer({
      default: 20_000,
      minimum: 0,
      maximum: 1_000_000,
      description: 'Most runs that may wait for one device; 0: any number.',
    }),
    MAX_WAITING_PER_KEY: Type.Integer({
      default: 5000,
      minimum: 0,
      maximum: 1_000_000,
      description: 'Most runs of one API key that may wait, on all devices together; 0: any number.',
    }),
    COST_CACHE_BYTES: Type.Integer({
      default: 64 * MiB,
      minimum: 0,
      maximum: 2 ** 40,
      description: 'Memory for the cache of cost answers, bytes; 0: no cache.',
    }),
    TENSORFLOW_DIR: Type.String({
      default: defaultTensorflowFolder,
      minLength: 1,
      description: 'Folder that npm run setup:tensorflow fills: TensorFlow, and the binding of TensorFlow.js built on it.',
    }),
    CUDA_DIR: Type.String({
      default: defaultCudaFolder,
      minLength: 1,
      description: 'Folder that npm run setup:cuda fills: the CUDA provider of ONNX Runtime, and the CUDA libraries.',
    }),
    WORKER_MEMORY_BYTES: Type.Optional(
      Type.Integer({
        minimum: 2 ** 30,
        maximum: 2 ** 50,
        description:
          'Memory that a worker process may take (RLIMIT_DATA; Linux only), bytes: an allocation beyond it fails the run that made it. Node itself reserves about 600 MB of it. Not set: no cap.',
      }),
    ),
    OTEL_EXPORTER_OTLP_ENDPOINT: Type.Optional(
      Type.String({
        pattern: '^https?://[^ ?#]+$',
        examples: ['http://collector:4318'],
        secret: true,
        description:
          'Collector of OpenTelemetry that takes traces over OTLP/HTTP as JSON: /v1/traces is added. Not set: nothing is traced, and no code for it is loaded.',
      }),
    ),
    OTEL_EXPORTER_OTLP_HEADERS: Type.Optional(
      Type.String({
        pattern: '^[^=, ]+=[^,]*(,[^=, ]+=[^,]*)*$',
        examples: ['authorization=Bearer%20token'],
        secret: true,
        description: 'Headers for the collector, as name=value with commas between, values percent-encoded.',
      }),
    ),
    OTEL_SERVICE_NAME: Type.String({ default: 'archmeter', minLength: 1, description: 'Name of this service in traces.' }),
    OTEL_TRACES_SAMPLER_ARG: Type.Number({
      default: 1,
      minimum: 0,
      maximum: 1,
      description: 'Share of traces that are recorded, of those that begin here; a caller that sends traceparent decides itself.',
    }),
    AUDIT_DAYS: Type.Integer({
      default: 365,
      minimum: 1,
      maximum: 36_500,
      description: 'How long lines of the audit log are kept, days.',
    }),
    SAMPLES_DAYS: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 36_500,
        description:
          'How long the samples of a finished run are kept, days. Figures, certificate, profile, and the usual histogram and quantiles stay for ever. Not set: the samples too.',
      }),
    ),
    WEBHOOK_ALLOW_HOSTS: Type.Optional(
      Type.String({
        pattern: '^(\\*|[\\w.:/*-]+(, ?[\\w.:/*-]+)*)$',
        examples: ['hooks.lan,*.corp.example,10.1.0.0/16'],
        description:
          'Where webhooks may go besides public addresses, and over plain http: names, *.names, addresses and ranges (10.1.0.0/16) with commas between, or * for anywhere. Not set: public addresses over https alone.',
      }),
    ),
    WEBHOOK_RETRY_HOURS: Type.Integer({
      default: 24,
      minimum: 1,
      maximum: 720,
      description:
        'How long a delivery to a webhook is tried before it is given up, hours. A webhook none of whose attempts succeeds for three times as long is disabled.',
    }),
    SHUTDOWN_MS: Type.Integer({
      default: 15_000,
      minimum: 100,
      maximum: 600_000,
      description:
        'Longest time a clean stop may take before the process ends anyway, ms; requests under way are cut off after a third of it.',
    }),
  },
  { additionalProperties: false },
)

export type Config = Static<typeof ConfigSchema>

/** The configuration is wrong: every wrong value or flag, each with what is allowed. */
export class ConfigError extends Error {
  constructor(problems: readonly string[]) {
    super(problems.join('\n'))
    this.name = 'ConfigError'
  }
}

type Property = { type?: string; default?: unknown; description?: string; secret?: boolean }
const properties = ConfigSchema.properties as unknown as Record<string, Property>

/**
 * Reads the configuration. An empty value counts as not set; other variables are ignored.
 * @throws ConfigError naming every wrong value, never showing one that may hold a password.
 */
export function readConfig(env: Readonly<Record<string, string | undefined>>): Config {
  const given: Record<string, string> = {}
  for (const [name, { type }] of Object.entries(properties)) {
    const value = env[name]
    if (!value) continue
    // As switches are written in an environment.
    given[name] = type === 'boolean' ? value.replace(/^1$/, 'true').replace(/^0$/, 'false') : value
  }
  const values = coerceStrings(ConfigSchema, given)
  for (const [name, property] of Object.entries(properties)) if (property.default !== undefined) values[name] ??= property.default
  const problems = schemaViolations(ConfigSchema, values).map(({ path, message }) => {
    const name = path.slice(1)
    return properties[name]?.secret ? `${name} is not valid: it must look like ${(properties[name] as any).examples[0]}` : message
  })
  const { OIDC_ISSUER, OIDC_AUDIENCE, OTEL_EXPORTER_OTLP_ENDPOINT, OTEL_EXPORTER_OTLP_HEADERS, WEBHOOK_ALLOW_HOSTS } =
    values as Partial<Config>
  if (problems.length === 0) problems.push(...allowedProblems(WEBHOOK_ALLOW_HOSTS))
  if (OIDC_ISSUER !== undefined && problems.length === 0) {
    if (OIDC_AUDIENCE === undefined)
      problems.push('OIDC_ISSUER needs OIDC_AUDIENCE: without it a token for any other service of the issuer would be taken')
    if (!isSafeUrl(OIDC_ISSUER))
      problems.push(`OIDC_ISSUER is ${OIDC_ISSUER}, but must be of https: whoever stands between could give other keys`)
  }
  if (problems.length === 0) problems.push(...otlpProblems(OTEL_EXPORTER_OTLP_ENDPOINT, OTEL_EXPORTER_OTLP_HEADERS))
  if (problems.length > 0) throw new ConfigError(problems)
  return values as Config
}

/** The flags of the command line. @throws ConfigError for anything else on it. */
export function readFlags(argv: readonly string[]): { help: boolean; version: boolean } {
  const problems: string[] = []
  const { tokens } = parseArgs({ args: [...argv], strict: false, tokens: true })
  let help = false
  let version = false
  for (const token of tokens ?? []) {
    if (token.kind === 'option' && (token.name === 'help' || token.rawName === '-h')) help = true
    else if (token.kind === 'option' && (token.name === 'version' || token.rawName === '-v')) version = true
    else if (token.kind === 'option') problems.push(`unknown flag ${token.rawName}${flagHint(token.name)}`)
    else if (token.kind === 'positional') problems.push(`unexpected argument "${token.value}"${flagHint(token.value.split('=')[0]!)}`)
  }
  if (problems.length > 0) throw new ConfigError(problems)
  return { help, version }
}

/** Suggests PORT to someone who writes `--port`. */
function flagHint(name: string): string {
  const variable = name.toUpperCase().replaceAll('-', '_')
  if (Object.hasOwn(properties, variable)) return `: set the environment variable ${variable}`
  const near = nearest(variable, Object.keys(properties))
  return near.startsWith(';')
    ? `${near.replace(/\?$/, '')} (an environment variable)?`
    : ': configuration is read from the environment, --help lists it'
}

/** The configuration as a table, for `--help` and the docs. */
export function configHelp(): string {
  const width = Math.max(...Object.keys(properties).map(({ length }) => length)) + 2
  const rows = Object.entries(properties).map(([name, property]) => {
    const fallback = property.default === undefined ? 'not set' : String(property.default)
    const choices = 'enum' in property ? ` (${(property.enum as string[]).join(' | ')})` : ''
    return `  ${name.padEnd(width)}${property.description}${choices}\n${' '.repeat(width + 2)}Default: ${fallback}`
  })
  return `Archmeter: what a convolutional network costs, on paper and on a GPU.\n\nConfiguration is read from environment variables:\n\n${rows.join('\n')}\n`
}
