/** What a comparison yields: two sides that take turns on one device. */
import type { Certificate, RunEnvironment } from './contract.ts'
import type { Ratio } from './timing/compare.ts'

/** One block of a comparison. */
export interface BlockFigure {
  medianMs: number
  samples: number
}

export interface Round {
  /** Which side went first: they take turns, so that neither gains from going second. */
  first: 'a' | 'b'
  a: BlockFigure
  b: BlockFigure
  /** Time per image of b over a's. */
  ratio: number
}

/** A condition in which two sides differ. */
export interface Difference {
  /** `device`, `driver`, `settings.threads` … */
  what: string
  a: string
  b: string
}

/** What an interleaved comparison found. Samples are stored block by block, in the order they were taken. */
export interface Comparison extends Ratio {
  /** Median over the blocks of a side, and what all of them hold. */
  a: BlockFigure
  b: BlockFigure
  rounds: Round[]
  differences: Difference[]
}

export interface ComparisonSuccess {
  comparison: Comparison
  certificate: Certificate
  /** Of the first block of each side. */
  environment: { a: RunEnvironment; b: RunEnvironment }
  samples: Float64Array
}
