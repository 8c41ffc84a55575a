/**
 * Errors of the store. Each has a stable `code` and a sentence that says what to do; the API maps codes to HTTP
 * statuses in one table (`src/api/errors.ts`).
 */
export type StoreErrorCode =
  | 'INVALID_CURSOR'
  | 'INVALID_TEXT'
  | 'IDEMPOTENCY_CONFLICT'
  | 'ARCHITECTURE_NOT_FOUND'
  | 'DATA_FOLDER_IN_USE'
  | 'DATA_FOLDER_UNUSABLE'
  | 'DATA_FOLDER_READ_ONLY'
  | 'DISK_FULL'
  | 'DATABASE_UNREACHABLE'
  | 'DATABASE_DAMAGED'
  | 'MIGRATION_FAILED'
  | 'WEIGHTS_MISSING'
  | 'SAMPLES_EXPIRED'
  | 'QUOTA_EXCEEDED'
  | 'QUEUE_FULL'
  | 'STORAGE_QUOTA_EXCEEDED'
  | 'LAST_ADMIN'
  | 'TOO_MANY_WEBHOOKS'
  | 'BACKUP_BY_PG_DUMP'
  | 'BACKUP_UNUSABLE'

export class StoreError extends Error {
  readonly code: StoreErrorCode
  constructor(code: StoreErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'StoreError'
    this.code = code
  }
}

/** SQLSTATE codes the store acts on (PostgreSQL manual, appendix A). */
const UNIQUE_VIOLATION = '23505'
const FOREIGN_KEY_VIOLATION = '23503'
/** `character_not_in_repertoire` and `untranslatable_character`: the errors for NUL and lone surrogates. */
const BAD_TEXT = new Set(['22021', '22P05'])

interface DatabaseError {
  code?: unknown
  constraint?: unknown
  message?: unknown
  cause?: unknown
}

/** The server's own error: Drizzle wraps it as the `cause` of a `DrizzleQueryError`, and the store that in one of its own. */
function databaseError(error: unknown): DatabaseError {
  let current = error as DatabaseError | undefined
  while ((typeof current?.code !== 'string' || current instanceof StoreError) && current?.cause !== undefined)
    current = current.cause as DatabaseError
  return current ?? {}
}

function violates(error: unknown, sqlState: string, constraint: string): boolean {
  const { code, constraint: name, message } = databaseError(error)
  return code === sqlState && (name === constraint || String(message).includes(constraint))
}

/** Whether `error` is the refusal of a second row by the unique index `constraint`. */
export const isUniqueViolation = (error: unknown, constraint: string): boolean => violates(error, UNIQUE_VIOLATION, constraint)

/** Whether `error` is the refusal of a row whose foreign key `constraint` refers to no row. */
export const isForeignKeyViolation = (error: unknown, constraint: string): boolean => violates(error, FOREIGN_KEY_VIOLATION, constraint)

/** Classes of SQLSTATE about the statement itself: data, constraints, syntax, limits, unsupported features. */
const REFUSALS = new Set(['0A', '22', '23', '42', '54'])

/**
 * Whether it would fail again in the same way: the database refused the statement, or a fault in our own code prevented
 * sending it. Anything else, such as a lost connection, may be temporary.
 */
export function isRefusal(error: unknown): boolean {
  if (error instanceof TypeError || error instanceof RangeError) return true
  const { code } = databaseError(error)
  // 42501, insufficient_privilege, is also what a file system that became read-only is called: it may be mended.
  return typeof code === 'string' && code !== '42501' && /^[0-9A-Z]{5}$/.test(code) && REFUSALS.has(code.slice(0, 2))
}

const unstorable = (options?: ErrorOptions): StoreError =>
  new StoreError(
    'INVALID_TEXT',
    'A text holds a character that no text here can have: leave out NUL (\\u0000) and unpaired surrogates (\\ud800 to \\udfff)',
    options,
  )

/** Turns the server's refusal of a text into a `StoreError` that says which character is at fault; others pass. */
export const textError = (error: unknown): unknown =>
  BAD_TEXT.has(String(databaseError(error).code)) ? unstorable({ cause: error }) : error

/**
 * To be called before a client's texts are written: UTF-8 has no unpaired surrogates, so in a column of text they silently
 * become U+FFFD, and in one of JSON the server's refusal cannot be told from that of a mistake of ours.
 * @throws StoreError INVALID_TEXT
 */
export function requireStorable(texts: readonly string[]): void {
  for (const text of texts) if (!text.isWellFormed() || text.includes('\0')) throw unstorable()
}

/** Controls, and marks that reorder what is shown after them: a name with them is shown as another, or breaks a line of a log. */
const unseen = /[\p{Cc}\u200e\u200f\u202a-\u202e\u2066-\u2069]/u

/** @throws StoreError INVALID_TEXT where a name holds a character that is not seen and changes what is. */
export function requireVisible(name: string): void {
  const [character] = unseen.exec(name) ?? []
  if (character === undefined) return
  const code = character.codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0')
  throw new StoreError('INVALID_TEXT', `A name holds the character U+${code}, a control or a mark of writing direction: leave it out`)
}

/** Codes of PostgreSQL for files of its own that are gone, or hold what they should not: data, indexes, a file. */
const DAMAGED = new Set(['XX001', 'XX002', '58P01'])

/** Translates PostgreSQL's word that its files are damaged; null for other errors. */
export function damageProblem(error: unknown): StoreError | null {
  const { code, message } = databaseError(error)
  if (typeof code !== 'string' || !DAMAGED.has(code)) return null
  return new StoreError(
    'DATABASE_DAMAGED',
    `Files of the database are damaged (${message}): stop the service and restore the last backup, of a DATA_DIR by npm run restore into an empty one, of a server by pg_restore`,
    { cause: error },
  )
}

/** Codes of a server that is stopping, has too many connections, or cancelled a statement for taking too long. */
const UNREACHABLE = /^(08...|57P..|53300|57014)$/

/**
 * Returns the driver's error, or a StoreError where the database did not answer rather than the statement failing;
 * node-postgres has no code for that.
 */
export function connectionError(error: Error): Error {
  // Parameters that cannot be sent.
  if (error instanceof StoreError || error instanceof TypeError || error instanceof RangeError) return error
  const { code } = error as { code?: unknown }
  if (typeof code === 'string' && /^[0-9A-Z]{5}$/.test(code) && !UNREACHABLE.test(code)) return error
  return new StoreError('DATABASE_UNREACHABLE', `The database does not answer (${publicReason(error)}): try again in a few seconds`, {
    cause: error,
  })
}

/** What an error says without the address, user or database that it may name: for answers. The log has the whole of it. */
export function publicReason(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return publicReason(error.errors[0])
  const { code, syscall, message } = error as NodeJS.ErrnoException
  if (typeof code !== 'string') return message
  return /^[0-9A-Z]{5}$/.test(code) ? `SQLSTATE ${code}` : [syscall, code].filter(Boolean).join(' ')
}

/** What an error says; node-postgres gathers the failures of several addresses in an AggregateError, whose own message is empty. */
export function reason(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return reason(error.errors[0])
  return (error as Error).message || String((error as NodeJS.ErrnoException).code)
}
