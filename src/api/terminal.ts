/** What the commands beside the service (keys, backup) write to standard error, so that standard output holds results alone. */
export const say = (line: string): void => void process.stderr.write(`${line}\n`)

/** A store's log for whoever types a command: what went wrong, without its fields. */
export const log = {
  debug: () => {},
  info: () => {},
  warn: (_: object, message: string) => say(message),
  error: (_: object, message: string) => say(message),
}
