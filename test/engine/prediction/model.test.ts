import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { computeCosts } from '../../../src/engine/cost.ts'
import { byMacs, chooseWay, errorsOf, intervalFactor, leaveOneOut, predictorBy } from '../../../src/engine/prediction/evaluate.ts'
import { featuresOf, kindOf } from '../../../src/engine/prediction/features.ts'
import { fitLatency } from '../../../src/engine/prediction/fit.ts'
import { latencyByKind, type MeasuredCall, predictLatency } from '../../../src/engine/prediction/model.ts'
import { verifyGraph } from '../../../src/engine/verify.ts'
import { expandZoo } from '../../../src/engine/zoo/index.ts'

const networks = ['squeezenet1_1', 'mobilenet_v1_x0_25', 'mobilenet_v3_small', 'shufflenet_v2_x0_5', 'resnet18', 'googlenet', 'mnasnet0_5']
const graphs = new Map(networks.map((preset) => [preset, verifyGraph(expandZoo({ preset }).spec)]))

/** A device whose every time is known: so much a layer by its operator's name, as no feature of the model has it. */
function lawOf(preset: string): Map<string, number> {
  const graph = graphs.get(preset)!
  const attributes = new Map(graph.layers.map((layer) => [layer.id, layer.attributes as { groups?: number }]))
  return new Map(
    computeCosts(graph).layers.map(({ id, type, macs, bytesRead, bytesWritten }) => {
      const bytes = bytesRead + bytesWritten
      if (type === 'Conv2d') return [id, 0.01 + ((attributes.get(id)!.groups ?? 1) > 1 ? 1e-7 : 2e-8) * macs]
      if (type === 'Linear') return [id, 5e-7 * bytes]
      return [id, 0.002 + 2e-7 * bytes]
    }),
  )
}

/** @param slower than the timed call, as a profile is. */
function measured(preset: string, { profile = true, slower = 1 } = {}): MeasuredCall {
  const law = lawOf(preset)
  const perLayer = [...law].map(([id, ms]) => ({ layerIds: [id], ms: slower * ms }))
  const callMs = [...law.values()].reduce((a, b) => a + b, 0)
  const layers = featuresOf(graphs.get(preset)!, {})
  return { architecture: preset, callMs, layers, profile: profile ? { perLayer, unattributedMs: 0 } : null }
}

describe('kinds of layers', () => {
  it('go by what a layer computes', () => {
    const kinds = (preset: string) => {
      const graph = graphs.get(preset)!
      const costs = new Map(computeCosts(graph, { convention: 'full' }).layers.map((each) => [each.id, each]))
      return new Map(graph.layers.map((layer) => [layer.id, kindOf(layer, costs.get(layer.id)!)]))
    }
    const squeezenet = kinds('squeezenet1_1')
    assert.equal(squeezenet.get('features.0'), 'convolution')
    assert.equal(squeezenet.get('classifier.1'), 'matrixProduct')
    const resnet = kinds('resnet18')
    assert.deepEqual(
      ['conv1', 'bn1', 'relu', 'maxpool', 'layer2.0.downsample.0', 'avgpool', 'fc'].map((id) => resnet.get(id)),
      ['convolution', 'normalization', 'elementwise', 'pooling', 'matrixProduct', 'pooling', 'matrixVector'],
    )
    const mobile = graphs.get('mobilenet_v3_small')!.layers
    const depthwise = mobile.filter(({ attributes }) => Number((attributes as { groups?: number }).groups ?? 1) > 1)
    // MobileNet v3 small has 11 depthwise convolutions: one a block (Howard et al. 2019, table 2).
    assert.equal([...kinds('mobilenet_v3_small').values()].filter((kind) => kind === 'depthwiseConvolution').length, 11)
    assert.equal(depthwise.length, 11)
  })
})

describe('a model of latency', () => {
  it('finds the law of a device, and tells a network that it has not seen to 10 %, from profiles that are slower than the calls', () => {
    for (const unseen of networks) {
      const model = fitLatency(networks.filter((each) => each !== unseen).map((each) => measured(each, { slower: 3 })))
      const { callMs, layers } = measured(unseen)
      const predicted = predictLatency(model, layers)
      assert.ok(Math.abs(predicted / callMs - 1) < 0.1, `${unseen}: ${predicted} beside ${callMs}`)
    }
  })

  it('is not led by a profile that gives its time to no layer', () => {
    const calls = networks.map((each) => measured(each, { profile: false }))
    const broken = calls.map((call) => ({ ...call, profile: { perLayer: [{ layerIds: [call.layers[0]!.id], ms: 1 }], unattributedMs: 9 } }))
    assert.deepEqual(fitLatency(broken), fitLatency(calls))
  })

  it('has no negative rate and no negative time, whatever is measured', () => {
    const calls = networks.map((each, i) => ({ ...measured(each), callMs: 1 + ((i * 7919) % 13) }))
    const { rates, pooled } = fitLatency(calls)
    for (const rate of [...rates, ...pooled]) assert.ok(rate >= 0)
  })

  it('takes the rate of all kinds for a kind that it has not seen', () => {
    const without = ['squeezenet1_1', 'googlenet', 'resnet18'].map((each) => measured(each))
    const model = fitLatency(without)
    assert.ok(!model.kinds.includes('depthwiseConvolution'))
    const depthwise = latencyByKind(model, measured('mnasnet0_5').layers).find(({ kind }) => kind === 'depthwiseConvolution')
    assert.ok(depthwise!.ms > 0)
  })
})

describe('its error', () => {
  it('is of networks left out, one at a time, and stands beside that of multiply-adds alone', () => {
    const calls = networks.map((each) => measured(each))
    const ours = errorsOf(leaveOneOut(calls, predictorBy('profiles')))
    assert.equal(ours.architectures, networks.length)
    assert.ok(ours.worst < 0.1 && ours.median < 0.05)
    // By the law depthwise multiply-adds take five times as long, and classifiers and layers besides are not nothing.
    assert.ok(errorsOf(leaveOneOut(calls, byMacs)).median > 0.1)
  })

  it('leaves out all calls of a network together', () => {
    const calls = networks.map((each) => measured(each))
    const seen: string[][] = []
    leaveOneOut([...calls, calls[0]!], (training) => {
      seen.push(training.map(({ architecture }) => architecture))
      return () => 1
    })
    assert.deepEqual(seen[0], networks.slice(1))
  })

  it('chooses the way of learning that does best on networks left out', () => {
    // By the law each kind has its own rates, and the profiles tell them.
    assert.equal(chooseWay(networks.map((each) => measured(each))).way, 'profiles')
    // A device of one rate for whatever computes: what is learnt of kinds is noise.
    const plain = networks.map((each, i) => {
      const { layers, ...call } = measured(each, { profile: false })
      const macs = layers.reduce((sum, layer) => sum + layer.macs, 0)
      return { ...call, layers, callMs: 0.02 * macs * [1.1, 0.9, 1, 1.05, 0.95, 1, 1][i]! }
    })
    assert.equal(chooseWay(plain).way, 'totals')
  })

  it('makes an interval: with nine networks, the eighth smallest error', () => {
    const left = [0.5, 0.9, 1, 1.1, 1.2, 1.25, 1.3, 1.6, 3].map((ratio) => ({ architecture: `${ratio}`, ratio, error: 0 }))
    // As factors: 1, 1.1, 1.11, 1.2, 1.25, 1.3, 1.6, 2, 3.
    assert.ok(Math.abs(intervalFactor(left) - 2) < 1e-12)
    assert.ok(Math.abs(intervalFactor(left.slice(0, 3)) - 2) < 1e-12)
  })
})
