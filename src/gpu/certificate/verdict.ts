import type { Verdict } from '../contract.ts'

/** The verdict of the worst reason. */
export const verdictOf = (impossible: boolean, doubtful: boolean): Verdict => (impossible ? 'invalid' : doubtful ? 'suspect' : 'valid')
