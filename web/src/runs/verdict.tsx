import type { RunStatus } from '../api/types.ts'

const marks = {
  valid: { sign: '✓', color: 'var(--flops)' },
  suspect: { sign: '?', color: 'var(--warn)' },
  invalid: { sign: '✕', color: 'var(--bad)' },
} as const

/** The certificate of a run, by sign and word as well as by color. */
export function Verdict({ verdict, why }: { verdict: keyof typeof marks; why?: string }) {
  const { sign, color } = marks[verdict]
  return (
    <span className="mark" style={{ color }} title={why}>
      <span aria-hidden="true">{sign}</span> {verdict}
    </span>
  )
}

const states: Record<RunStatus, { sign: string; color: string; word: string }> = {
  queued: { sign: '◷', color: 'var(--quiet)', word: 'queued' },
  running: { sign: '▶', color: 'var(--memory)', word: 'running' },
  succeeded: { sign: '✓', color: 'var(--flops)', word: 'succeeded' },
  failed: { sign: '✕', color: 'var(--bad)', word: 'failed' },
  cancelled: { sign: '–', color: 'var(--quiet)', word: 'cancelled' },
  timedOut: { sign: '✕', color: 'var(--bad)', word: 'timed out' },
}

export function Status({ status }: { status: RunStatus }) {
  const { sign, color, word } = states[status]
  return (
    <span className="mark" style={{ color }}>
      <span aria-hidden="true">{sign}</span> {word}
    </span>
  )
}
