import { type AxisLimits, type Candidate, recommend } from '../../../engine/recommend.ts'
import type { Store } from '../../../store/index.ts'
import { errorOf, measuredOf, type PredictionService } from '../prediction/service.ts'
import { top1FigureOf, type ZooService } from '../zoo/service.ts'
import type { RecommendationAnswer, Recommended, RecommendQuery } from './schema.ts'
import { reasonOf } from './words.ts'

/** Registered architectures that are named beside the presets, at most. */
const mostNamed = 200

interface Network extends Candidate {
  shown: Recommended
}

/** Which network of the zoo to take within limits, and why. */
export class RecommendService {
  readonly #store: Store
  readonly #zoo: ZooService
  readonly #prediction: PredictionService

  constructor({ store, zoo, prediction }: { store: Store; zoo: ZooService; prediction: PredictionService }) {
    this.#store = store
    this.#zoo = zoo
    this.#prediction = prediction
  }

  /** @throws ApiError OVERLOADED; where a latency or a device is asked for, as `PredictionService.of` does. */
  async recommend(query: RecommendQuery): Promise<RecommendationAnswer> {
    const { objective = 'accuracy', maxMacs, maxParams, maxPeakBytes, maxLatencyMs, ...where } = query
    const { device, runtime, precision = 'float32', threads = 0 } = where
    // GraphQL writes defaults out: they alone ask for no latency.
    const timed = [maxLatencyMs, device, runtime].some((each) => each !== undefined) || precision !== 'float32' || threads !== 0
    const target = timed ? await this.#prediction.target(where) : null
    const told = target && (await this.#prediction.ofZoo(target))
    const { networks, leftOut } = await this.#networks(told)
    const limits: AxisLimits = {
      ...(maxMacs === undefined ? {} : { macs: maxMacs }),
      ...(maxParams === undefined ? {} : { params: maxParams }),
      ...(maxPeakBytes === undefined ? {} : { peakActivationBytes: maxPeakBytes }),
      ...(maxLatencyMs === undefined ? {} : { latencyMs: maxLatencyMs }),
    }
    const found = recommend(networks, limits, objective, timed ? ['latencyMs'] : [])
    const { axes, within, chosen, runnerUp, binding, nearest } = found
    return {
      objective,
      reason: [
        reasonOf(found, objective, networks.length),
        ...(told && chosen?.shown.latency?.runId === null
          ? [
              `Its latency is predicted: networks left out were off by ${Number((100 * told.known.learnt.errors.median).toPrecision(2))} % in the median.`,
            ]
          : []),
      ].join(' '),
      chosen: chosen?.shown ?? null,
      runnerUp:
        chosen && runnerUp
          ? {
              network: runnerUp.shown,
              top1Difference: Number((runnerUp.top1 - chosen.top1).toFixed(3)),
              ratios: axes.map((axis) => ({ axis, ratio: runnerUp.costs[axis]! / chosen.costs[axis]! })),
            }
          : null,
      limits: found.limits.map(({ without, ...use }) => ({ ...use, without: without?.shown ?? null })),
      binding,
      loosen: found.loosen.map(({ admits, ...rest }) => ({ ...rest, admits: admits.shown })),
      nearest: nearest && { network: nearest.candidate.shown, needs: nearest.needs },
      axes,
      front: found.front.map(({ shown }) => shown),
      latencies: target &&
        told && {
          device: target.choice.device.name,
          deviceUuid: target.choice.device.uuid,
          runtime: target.choice.support.runtime,
          backend: target.choice.support.backend,
          precision: target.precision,
          threads: target.threads,
          error: errorOf(told.known),
        },
      within,
      candidates: networks.length,
      leftOut,
    }
  }

  /** Presets with a published accuracy that can be compared, and those without. */
  async #networks(
    told: Awaited<ReturnType<PredictionService['ofZoo']>> | null,
  ): Promise<{ networks: Network[]; leftOut: RecommendationAnswer['leftOut'] }> {
    const figures = await this.#zoo.figures()
    const registered = Map.groupBy(
      await this.#store.architectures.withDigests(
        Object.values(figures).map(({ digest }) => digest),
        mostNamed,
      ),
      ({ digest }) => digest,
    )
    const networks: Network[] = []
    const leftOut: RecommendationAnswer['leftOut'] = []
    for (const { name: family, presets } of this.#zoo.all())
      for (const preset of presets) {
        const top1 = top1FigureOf(preset)
        if (!top1 || top1.testSet) {
          const reason = top1
            ? `its top-1 was measured on the ${top1.testSet}, the others’ on the validation set of ImageNet-1K`
            : 'no top-1 is known of it'
          leftOut.push({ preset: preset.name, reason })
          continue
        }
        const { params, macs, peakActivationBytes, digest } = figures[preset.name]!
        const architectures = (registered.get(digest) ?? []).map(({ id, name }) => ({ id, name }))
        const run = told && measuredOf(told.known, digest, 1)
        const latency = told && { latencyMs: run?.callMs ?? told.latencies[preset.name]!, runId: run?.id ?? null }
        networks.push({
          name: preset.name,
          top1: top1.value,
          costs: { macs, params, peakActivationBytes, latencyMs: latency?.latencyMs ?? null },
          shown: {
            preset: preset.name,
            family,
            top1: top1.value,
            source: top1.source,
            params,
            macs,
            peakActivationBytes,
            latency,
            architectures,
          },
        })
      }
    return { networks, leftOut }
  }
}
