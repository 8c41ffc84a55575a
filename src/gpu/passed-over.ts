import type { RuntimeSupport } from './contract.ts'

/** Better back ends of the runtime that were found not to work. @param found in the order of `backendsOf`. */
export function passedOver(
  found: readonly RuntimeSupport[],
  { runtime, backend }: Pick<RuntimeSupport, 'runtime' | 'backend'>,
): Extract<RuntimeSupport, { usable: false }>[] {
  const known = found.filter((each) => each.runtime === runtime)
  const chosen = known.findIndex((each) => each.backend === backend)
  return known.slice(0, Math.max(chosen, 0)).filter((each) => !each.usable)
}
