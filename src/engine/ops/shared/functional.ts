import { Type } from 'typebox'

/**
 * How PyTorch spells a layer without parameters: as a module, or as a call of torch.nn.functional. The arithmetic is
 * the same; tools that hook modules (thop, ptflops) count the two differently, and their conventions go by this.
 */
export const functional = Type.Optional(
  Type.Boolean({
    description:
      'The network computes this by a function of torch.nn.functional, not by a module: same arithmetic, but the conventions `thop` and ' +
      '`ptflops` count the two differently. Default false.',
  }),
)

/** The canonical form: written only where it is true. */
export const canonicalFunctional = (raw: { functional?: boolean }): { functional?: true } => (raw.functional ? { functional: true } : {})
