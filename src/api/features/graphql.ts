/** Every feature's part of the GraphQL schema. */
import type { GraphqlFeature } from '../graphql/feature.ts'
import type { Services } from '../services.ts'
import { adviceGraphql } from './advice/graphql.ts'
import { architectureGraphql } from './architectures/graphql.ts'
import { archiveGraphql } from './archive/graphql.ts'
import { auditGraphql } from './audit/graphql.ts'
import { compareGraphql } from './compare/graphql.ts'
import { conventionGraphql } from './conventions/graphql.ts'
import { costGraphql } from './costs/graphql.ts'
import { deviceGraphql } from './devices/graphql.ts'
import { exportGraphql } from './exports/graphql.ts'
import { keyGraphql } from './keys/graphql.ts'
import { liveGraphql } from './live/graphql.ts'
import { memoryGraphql } from './memory/graphql.ts'
import { nodeGraphql } from './node/graphql.ts'
import { placementGraphql } from './placement/graphql.ts'
import { predictionGraphql } from './prediction/graphql.ts'
import { queueGraphql } from './queue/graphql.ts'
import { recommendGraphql } from './recommend/graphql.ts'
import { rewriteGraphql } from './rewrites/graphql.ts'
import { runGraphql } from './runs/graphql.ts'
import { sweepGraphql } from './sweeps/graphql.ts'
import { webhookGraphql } from './webhooks/graphql.ts'
import { zooGraphql } from './zoo/graphql.ts'

export const graphqlFeatures = ({
  architectures,
  costs,
  compare,
  exports,
  rewrites,
  advice,
  memory,
  placement,
  prediction,
  recommend,
  devices,
  runs,
  sweeps,
  queue,
  zoo,
  live,
  keys,
  audit,
  webhooks,
}: Services): readonly GraphqlFeature[] => [
  architectureGraphql(architectures),
  costGraphql(costs, architectures),
  compareGraphql(compare),
  exportGraphql(exports, architectures),
  archiveGraphql,
  rewriteGraphql(rewrites, architectures),
  adviceGraphql(advice, architectures),
  memoryGraphql(memory, architectures),
  placementGraphql(placement, architectures),
  predictionGraphql(prediction, architectures),
  recommendGraphql(recommend),
  zooGraphql(zoo),
  conventionGraphql,
  deviceGraphql(devices),
  runGraphql(runs, architectures),
  sweepGraphql(sweeps, runs, architectures),
  queueGraphql(queue, runs),
  liveGraphql(live, runs, architectures),
  nodeGraphql(architectures, runs, sweeps),
  keyGraphql(keys),
  auditGraphql(audit),
  webhookGraphql(webhooks),
]
