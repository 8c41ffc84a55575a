import { type Static, Type } from 'typebox'
import { mostSteps } from '../../../engine/rewrites/apply.ts'
import { weightOrigins } from '../../../engine/rewrites/weights.ts'
import { Id, nullable } from '../../schemas.ts'
import { NewArchitectureInput } from '../architectures/new-architecture.ts'
import { ArchitectureSchema, RecipeSchema } from '../architectures/schema.ts'
import { CountedBy } from '../conventions/schema.ts'
import { CostQuery } from '../costs/schema.ts'

export const RewriteSchema = Type.Object(
  {
    name: Type.String(),
    summary: Type.String({ description: 'What becomes what.' }),
    givesUp: Type.String({ description: 'What it costs, in accuracy or otherwise.' }),
    source: Type.String({ description: 'Where the rule comes from.' }),
    exact: Type.Boolean({ description: 'The outputs stay the same for the same weights, up to rounding.' }),
    whole: Type.Boolean({ description: 'It changes the network as a whole: no layers are named.' }),
    options: Type.Object({}, { additionalProperties: true, description: 'JSON Schema (2020-12) of the options, defaults included.' }),
  },
  { title: 'Rewrite', description: 'A change of a network that can be asked for.' },
)
export type RewriteEntry = Static<typeof RewriteSchema>
export const RewriteList = Type.Object({ items: Type.Array(RewriteSchema) }, { title: 'RewriteList' })

const recipe = Type.Array(RecipeSchema, {
  minItems: 1,
  maxItems: mostSteps,
  description: 'Rewrites, each applied to what the one before made.',
})

/** What both forms take, the one that previews and the one that registers. */
const asked = { recipe, convention: CostQuery.properties.convention, batch: CostQuery.properties.batch }

export const RewritePreviewQuery = Type.Object(asked, { additionalProperties: false })
export type RewritePreviewQuery = Static<typeof RewritePreviewQuery>

export const NewRewrite = Type.Object(
  {
    ...asked,
    name: Type.Optional({
      ...NewArchitectureInput.properties.name,
      description: 'Name of the new architecture. Default: the old one and the rewrites.',
    }),
    preview: Type.Optional(Type.Boolean({ default: false, description: 'Shows what would change and registers nothing.' })),
  },
  {
    additionalProperties: false,
    title: 'NewRewrite',
    examples: [{ recipe: [{ rewrite: 'depthwiseSeparable' }], preview: true }],
  },
)
export type NewRewrite = Static<typeof NewRewrite>

const count = Type.Integer({ minimum: 0 })
const amount = Type.Number({ minimum: 0 })
const signed = Type.Integer({ minimum: Number.MIN_SAFE_INTEGER, maximum: Number.MAX_SAFE_INTEGER })
const pair = Type.Tuple([amount, amount])
const side = Type.Object(
  {
    type: Type.String(),
    outputShape: Type.Array(Type.Integer({ minimum: 1 })),
    params: count,
    macs: count,
    flops: count,
    memoryKiB: amount,
    receptiveField: Type.Tuple([count, count]),
  },
  { title: 'RewriteLayerSide' },
)
const totals = {
  layers: count,
  params: count,
  buffers: count,
  macs: count,
  flops: count,
  memoryKiB: amount,
  weightBytes: count,
  peakActivationBytes: count,
}
const differences = {
  layers: signed,
  params: signed,
  buffers: signed,
  macs: signed,
  flops: signed,
  memoryKiB: Type.Number(),
  weightBytes: signed,
  peakActivationBytes: signed,
}
const Origin = Type.Enum([...weightOrigins], {
  title: 'WeightOrigin',
  description: '`kept` as they were, `derived` from others by a formula, `new`: to be learned.',
})
const field = Type.Object(
  { output: Type.String(), receptiveField: Type.Tuple([count, count]), effectiveStride: nullable(pair) },
  {
    title: 'OutputField',
    description: 'Of the last layer before an output whose elements still have positions, [height, width] on the input.',
  },
)

export const RewriteResultSchema = Type.Object(
  {
    architectureId: { ...Id, description: 'The architecture that was rewritten.' },
    architecture: nullable(ArchitectureSchema),
    ownWeights: Type.Boolean({
      description: 'The architecture has a file with its weights: they are kept, derived or, where new, seeded in a file of the new one.',
    }),
    convention: CountedBy,
    batch: Type.Integer({ minimum: 1 }),
    steps: Type.Array(
      Type.Object(
        {
          rewrite: Type.String(),
          options: Type.Object({}, { additionalProperties: true, description: 'Every option written out.' }),
          layers: Type.Optional(Type.Array(Type.String())),
          applied: Type.Array(Type.String(), { description: 'Layers that it changed; empty for one of the network as a whole.' }),
          skipped: Type.Array(Type.Object({ layerId: Type.String(), reason: Type.String() }), {
            description: 'Layers that it left, the first 200, and why.',
          }),
          exact: Type.Boolean(),
          givesUp: Type.String(),
        },
        { title: 'AppliedRewrite' },
      ),
    ),
    before: Type.Object(totals, { title: 'RewriteTotals' }),
    after: Type.Object(totals, { title: 'RewriteTotals' }),
    difference: Type.Object(differences, { title: 'RewriteDifference', description: '`after` − `before`: below 0 is saved.' }),
    receptiveField: Type.Object({
      before: Type.Array(field),
      after: Type.Array(field),
      kept: Type.Boolean({ description: 'Every output of the new network sees what it saw before, at the same stride.' }),
    }),
    weights: Type.Object(
      { kept: count, derived: count, new: count },
      { title: 'RewriteWeights', description: 'Parameters and running statistics of the new network, by where their numbers come from.' },
    ),
    approximations: Type.Array(
      Type.Object(
        {
          layerId: Type.String(),
          relativeError: Type.Number({ minimum: 0, description: '‖A − A′‖ / ‖A‖, Frobenius: what of the matrix is lost.' }),
        },
        { title: 'WeightApproximation' },
      ),
      { description: 'Weights that stand for others of the file, as factors of a matrix do; empty in a preview, which reads no weights.' },
    ),
    exact: Type.Boolean({ description: 'Every step keeps the outputs for the same weights, up to rounding.' }),
    layers: Type.Array(
      Type.Object(
        {
          id: Type.String(),
          change: Type.Enum(['kept', 'changed', 'added', 'removed'], { title: 'LayerChangeKind' }),
          before: nullable(side),
          after: nullable(side),
          weights: nullable(Origin),
        },
        { title: 'RewriteLayer' },
      ),
      { description: 'Layers of the new network in its order, then those that went. Their differences sum to the totals’ difference.' },
    ),
  },
  { title: 'RewriteResult', description: 'A network beside what a recipe makes of it.' },
)
export type RewriteResult = Static<typeof RewriteResultSchema>
