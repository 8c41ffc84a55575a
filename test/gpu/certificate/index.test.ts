import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Evidence } from '../../../src/gpu/certificate/evidence.ts'
import { certify, reasons } from '../../../src/gpu/certificate/index.ts'
import type { GpuSample, GpuWatch } from '../../../src/gpu/contract.ts'
import { resolveSettings } from '../../../src/gpu/timing/settings.ts'

/** Steady samples around 1 ms with a little noise, so that nothing is to be found in them. */
const steady = (n = 200) => Float64Array.from({ length: n }, (_, i) => 1 + 0.01 * Math.sin(12.9898 * i))
const onCpu: Evidence = {
  measured: { samples: steady(), stability: { stable: true, reason: null } },
  settings: resolveSettings(),
  kind: 'cpu',
  output: { maxAbs: 1 },
  hostLoad: { othersCpus: 0.01, stolenCpus: 0 },
  logicalCpus: 2,
  frequenciesMHz: [3000, 3010, 2990],
  gpu: null,
  leastFlops: 1e6,
  peak: { flopsPerSecond: 1e12, source: 'a data sheet' },
}
const sample = (over: Partial<GpuSample> = {}): GpuSample => ({
  at: 0,
  smMHz: 1980,
  memoryMHz: 2619,
  throttle: 0,
  temperatureC: 50,
  powerWatts: 300,
  utilization: 99,
  ...over,
})
const watch = (...samples: Partial<GpuSample>[]): GpuWatch => ({ samples: samples.map(sample), others: [], problem: null })
const onGpu: Evidence = { ...onCpu, kind: 'cuda', hostLoad: null, frequenciesMHz: [], gpu: watch({}, {}, {}) }
const throttled = (bit: number): Evidence => ({ ...onGpu, gpu: watch({ throttle: bit }, {}, {}) })
const withSamples = (samples: Float64Array, evidence = onCpu): Evidence => ({ ...evidence, measured: { ...onCpu.measured, samples } })

/** What provokes each reason, and it alone: NVML's bits are those of nvml.h, nvmlClocksEventReasons. */
const causes: Record<string, { evidence: Evidence; says: RegExp }> = {
  ABOVE_PEAK: { evidence: { ...onCpu, leastFlops: 2e9 }, says: /2\.00 Tflop\/s at least.*no more than 1\.00 Tflop\/s \(a data sheet\)/ },
  UNSTABLE: {
    evidence: { ...onCpu, measured: { samples: steady(), stability: { stable: false, reason: 'it rose' } } },
    says: /it rose/,
  },
  BIMODAL: {
    evidence: withSamples(steady().map((ms, i) => (i % 5 < 2 ? 1.3 * ms : ms))),
    says: /around (0\.99\d|1\.00) and 1\.30 ms with 40 % in the second/,
  },
  TOO_FEW_SAMPLES: { evidence: withSamples(steady(12)), says: /12 samples .* fewer than the 64/ },
  OUTPUT_NOT_FINITE: { evidence: { ...onCpu, output: { maxAbs: Number.NaN } }, says: /not finite/ },
  LOAD_UNKNOWN: { evidence: { ...onCpu, hostLoad: null }, says: /does not report/ },
  CPU_BUSY: { evidence: { ...onCpu, hostLoad: { othersCpus: 0.3, stolenCpus: 0 } }, says: /0\.30 of 2 CPUs busy/ },
  CPU_STOLEN: { evidence: { ...onCpu, hostLoad: { othersCpus: 0, stolenCpus: 0.05 } }, says: /0\.05 of 2 CPUs to others/ },
  FREQUENCY_DRIFT: { evidence: { ...onCpu, frequenciesMHz: [3000, 2500] }, says: /2500 to 3000 MHz .* 20\.0 % apart/ },
  GPU_UNWATCHED: { evidence: { ...onGpu, gpu: { samples: [], others: [], problem: 'it is gone' } }, says: /it is gone/ },
  GPU_SHARED: {
    evidence: { ...onGpu, gpu: { ...watch({}), others: [{ pid: 4711, name: 'python3', usedBytes: null }] } },
    says: /python3 \(4711\)/,
  },
  GPU_POWER_CAP: { evidence: throttled(0x4), says: /1 of 3 readings of the GPU the power limit/ },
  GPU_HW_SLOWDOWN: { evidence: throttled(0x8), says: /hardware halved/ },
  GPU_SYNC_BOOST: { evidence: throttled(0x10), says: /sync boost/ },
  GPU_SW_THERMAL: { evidence: throttled(0x20), says: /driver held its clocks down for heat/ },
  GPU_HW_THERMAL: { evidence: throttled(0x40), says: /hardware held its clocks down for heat/ },
  GPU_POWER_BRAKE: { evidence: throttled(0x80), says: /power brake/ },
  GPU_DISPLAY_CLOCKS: { evidence: throttled(0x100), says: /display/ },
  GPU_CLOCK_DRIFT: { evidence: { ...onGpu, gpu: watch({}, { smMHz: 1800 }, {}) }, says: /1800 to 1980 MHz .* 10\.0 % apart/ },
  GPU_WARMING: { evidence: { ...onGpu, gpu: watch({ temperatureC: 40 }, {}, { temperatureC: 55 }) }, says: /from 40 to 55 °C/ },
}

describe('each reason is found where its cause is, and nowhere else', () => {
  it('an undisturbed run is valid, on a CPU and on a GPU', () => {
    for (const evidence of [onCpu, onGpu]) assert.deepEqual(certify(evidence), { verdict: 'valid', reasons: [] })
  })

  it('every reason of the table has its cause here', () => {
    assert.deepEqual(reasons.map(({ code }) => code).sort(), Object.keys(causes).sort())
  })

  for (const [code, { evidence, says }] of Object.entries(causes))
    it(code, () => {
      const certificate = certify(evidence)
      assert.deepEqual(
        certificate.reasons.map((reason) => reason.code),
        [code],
      )
      const { message } = certificate.reasons[0]!
      assert.match(message, says)
      assert.ok(message.endsWith(` ${reasons.find((reason) => reason.code === code)!.remedy}`), 'says what helps')
      assert.equal(certificate.verdict, code === 'ABOVE_PEAK' ? 'invalid' : 'suspect')
    })

  it('what disturbs a CPU is no reason on a GPU, nor the other way round', () => {
    assert.deepEqual(certify({ ...onGpu, hostLoad: { othersCpus: 2, stolenCpus: 1 }, frequenciesMHz: [1000, 3000] }).reasons, [])
    assert.deepEqual(certify({ ...onCpu, gpu: null }).reasons, [])
  })

  it('idle and clocks that a user has set are no disturbance; what a GPU does not tell is none either', () => {
    const silent = { throttle: null, smMHz: null, temperatureC: null }
    assert.deepEqual(certify({ ...onGpu, gpu: watch({ throttle: 0x1 }, { throttle: 0x2 }, { throttle: 0x3 }) }).reasons, [])
    assert.deepEqual(certify({ ...onGpu, gpu: watch(silent, silent) }).reasons, [])
  })

  it('64 cores looked at every second for an hour, or a GPU for a day, are judged like any', () => {
    // More than a call takes as arguments: 64 × 3600 = 230,400 and 5 × 86,400 = 432,000.
    const wandering = Array.from({ length: 230_400 }, (_, i) => (i === 777 ? 2700 : 3000))
    assert.deepEqual(
      certify({ ...onCpu, frequenciesMHz: wandering }).reasons.map(({ code }) => code),
      ['FREQUENCY_DRIFT'],
    )
    const { samples, ...rest } = watch({})
    assert.deepEqual(certify({ ...onGpu, gpu: { ...rest, samples: new Array(432_000).fill(samples[0]) } }).reasons, [])
  })

  it('a device whose peak is not known is not accused', () => {
    assert.equal(certify({ ...onCpu, leastFlops: 1e30, peak: null }).verdict, 'valid')
  })
})
