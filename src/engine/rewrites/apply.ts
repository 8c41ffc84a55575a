import { EngineError } from '../errors.ts'
import type { Graph } from '../graph.ts'
import { defaultLimits, type Limits } from '../limits.ts'
import { nearest } from '../nearest.ts'
import { schemaViolations } from '../schema-violations.ts'
import { withDefaults } from '../zoo/shared/options.ts'
import { findRewrite } from './index.ts'
import { EditableNetwork } from './network.ts'
import type { Rewrite, Site } from './rewrite.ts'
import { planOf, unchanged, type WeightPlan } from './weights.ts'

/** One step of a recipe: which rewrite, how, and at which layers (all it applies to, where it does not say). */
export interface RecipeStep {
  rewrite: string
  options?: Record<string, unknown>
  layers?: readonly string[]
}

/** What a step did. */
export interface AppliedStep {
  rewrite: string
  /** Every option written out. */
  options: Record<string, unknown>
  /** Only where the recipe names them. */
  layers?: string[]
  /** Layers of the network before the step that it changed; empty for one that changes the network as a whole. */
  applied: string[]
  /** Layers that it looked at and left, and why. */
  skipped: { layerId: string; reason: string }[]
  exact: boolean
  givesUp: string
}

export interface Rewritten {
  graph: Graph
  steps: AppliedStep[]
  weights: WeightPlan
}

/** Steps of one recipe. */
export const mostSteps = 20
/** Layers left out that one step reports. */
const mostSkipped = 200

/**
 * Applies a recipe to a graph, step after step. Pure; a step takes time that grows with layers × layers changed.
 * @throws EngineError UNKNOWN_REWRITE, INVALID_REWRITE with every violation of a step’s options and layers,
 *   REWRITE_NOT_APPLICABLE where a step finds nothing it can change, or a layer named cannot be changed, saying why;
 *   LIMIT_EXCEEDED. Paths are within the recipe.
 */
export function rewriteGraph(graph: Graph, recipe: readonly RecipeStep[], limits: Limits = defaultLimits): Rewritten {
  let current = graph
  let weights = unchanged
  const steps: AppliedStep[] = []
  recipe.forEach((step, i) => {
    const path = `/recipe/${i}`
    const rewrite = findRewrite(step.rewrite, `${path}/rewrite`)
    const options = readOptions(rewrite, step.options ?? {}, `${path}/options`)
    const network = new EditableNetwork(current)
    const sites: Site[] = rewrite.sites(network, options)
    const chosen = choose(rewrite, sites, step.layers, network, path)
    rewrite.apply(network, chosen, options)
    const after = finish(network, rewrite, limits, path)
    weights = planOf(network, after, weights)
    current = after
    steps.push({
      rewrite: rewrite.name,
      options,
      ...(step.layers === undefined ? {} : { layers: [...step.layers] }),
      applied: rewrite.whole ? [] : chosen.map(({ id }) => id),
      skipped: sites.flatMap(({ id, reason }) => (reason === undefined ? [] : [{ layerId: id, reason }])).slice(0, mostSkipped),
      exact: rewrite.exact ?? false,
      givesUp: rewrite.givesUp,
    })
  })
  return { graph: current, steps, weights }
}

function readOptions(rewrite: Rewrite, given: Record<string, unknown>, path: string): Record<string, unknown> {
  const violations = schemaViolations(rewrite.options, given, path)
  if (violations.length > 0)
    throw new EngineError(
      'INVALID_REWRITE',
      `the options do not fit ${rewrite.name}: ${violations[0]!.message}`,
      violations.map((each) => ({ ...each, layerId: null })),
    )
  return withDefaults(rewrite.options, given)
}

/** Why a site that nobody named is left as it is. */
const whyNot = ({ reason, caution }: Site): string | undefined =>
  reason ?? (caution === undefined ? undefined : `${caution}; name it in layers to change it all the same`)

/** The sites to rewrite: those named, or all without a violation. */
function choose(
  rewrite: Rewrite,
  sites: readonly Site[],
  named: readonly string[] | undefined,
  network: EditableNetwork,
  path: string,
): Site[] {
  if (named === undefined) {
    const possible = sites.filter(({ reason, caution }) => reason === undefined && caution === undefined)
    if (possible.length > 0) return possible
    const found = sites.slice(0, 100).map((site) => ({ path, layerId: site.id || null, message: whyNot(site) as string }))
    const why = found[0] ? `${found[0].layerId ? `layer ${found[0].layerId}: ` : ''}${found[0].message}` : 'it has no layer of the kind'
    throw new EngineError('REWRITE_NOT_APPLICABLE', `${rewrite.name} finds nothing to change in this network: ${why}`, found)
  }
  if (rewrite.whole)
    throw new EngineError('INVALID_REWRITE', `${rewrite.name} changes the network as a whole: leave layers out`, [
      { path: `${path}/layers`, layerId: null, message: 'leave layers out: the rewrite changes the network as a whole' },
    ])
  const byId = new Map(sites.map((site) => [site.id, site]))
  const violations: { path: string; layerId: string | null; message: string }[] = []
  const chosen: Site[] = []
  const seen = new Set<string>()
  for (const [i, id] of named.entries()) {
    if (seen.has(id)) continue
    seen.add(id)
    const site = byId.get(id)
    const at = { path: `${path}/layers/${i}`, layerId: id }
    if (site && site.reason === undefined) chosen.push(site)
    else if (site) violations.push({ ...at, message: site.reason as string })
    else if (network.layers.has(id))
      violations.push({ ...at, message: `${id} is a ${network.get(id).type}, which ${rewrite.name} does not change: ${rewrite.summary}` })
    else
      violations.push({
        ...at,
        layerId: null,
        message: `there is no layer "${id.slice(0, 60)}"${nearest(id, [...byId.keys()].slice(0, 1000))}`,
      })
  }
  if (violations.length > 0)
    throw new EngineError('REWRITE_NOT_APPLICABLE', `${rewrite.name} cannot be applied: ${violations[0]!.message}`, violations)
  return chosen
}

/** The graph that a step made. What the verifier refuses is a network that the rewrite does not suit, and says so. */
function finish(network: EditableNetwork, rewrite: Rewrite, limits: Limits, path: string): Graph {
  try {
    return network.finish(limits)
  } catch (cause) {
    if (!(cause instanceof EngineError) || cause.code !== 'INVALID_GRAPH') throw cause
    const [first] = cause.errors
    throw new EngineError(
      'REWRITE_NOT_APPLICABLE',
      `${rewrite.name} does not suit this network: ${first?.layerId ? `layer ${first.layerId} would no longer fit: ` : ''}${first?.message ?? cause.message}`,
      cause.errors.slice(0, 100).map(({ layerId, message }) => ({ path, layerId, message })),
    )
  }
}
