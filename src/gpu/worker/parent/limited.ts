/** Limits that the kernel enforces on one process. */
export interface ProcessLimits {
  /**
   * Memory that it can write to, bytes (RLIMIT_DATA); 0: no limit. Address space that V8 only reserves does not count; an
   * allocation beyond the limit fails, and nothing outside of the process is touched. V8's heap limit alone leaves out array
   * buffers.
   */
  memoryBytes: number
  /** Processor time of its life, s (RLIMIT_CPU); the kernel ends it then. Default: no limit. */
  cpuSeconds?: number
  /** Whether a crash may leave a file as large as its memory (RLIMIT_CORE). Default true, as the system is set up. */
  coreFile?: boolean
}

/**
 * The command line that starts `command` under limits. The shell sets them before the program begins, and becomes it, so
 * that the pid and the signals are its own. Linux only: elsewhere the command comes back as it is.
 */
export function limitedCommand(
  command: readonly [string, ...string[]],
  { memoryBytes, cpuSeconds, coreFile = true }: ProcessLimits,
): [string, string[]] {
  const limits = [
    ...(memoryBytes > 0 ? [`ulimit -d ${Math.ceil(memoryBytes / 1024)}`] : []),
    ...(cpuSeconds === undefined ? [] : [`ulimit -t ${Math.ceil(cpuSeconds)}`]),
    ...(coreFile ? [] : ['ulimit -c 0']),
  ]
  if (limits.length === 0 || process.platform !== 'linux') return [command[0], command.slice(1)]
  return ['sh', ['-c', `${limits.join(' && ')} && exec "$@"`, 'sh', ...command]]
}
