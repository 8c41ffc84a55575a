import assert from 'node:assert/strict'
import { test } from 'node:test'
import { cpuPeak, gpuBandwidth, gpuPeak } from '../../../src/gpu/certificate/peaks.ts'

const cpu = {
  model: '',
  physicalCores: 28,
  logicalCpus: 56,
  isa: ['avx', 'avx2', 'fma', 'avx512f'],
  frequencyMHz: { current: null, max: 2500 },
  governor: null,
  caches: [],
}

test('a CPU’s peak is that of the textbook: cores × units × lanes × 2 × clock', () => {
  // Intel states 4,480 Gflop/s of float32 for 28 cores with two AVX-512 units at 2.5 GHz: 28 × 2 × 16 × 2 × 2.5.
  assert.equal(cpuPeak(cpu, 'float32').flopsPerSecond, 4480e9)
  assert.equal(cpuPeak(cpu, 'float16').flopsPerSecond, 8960e9)
  assert.equal(cpuPeak({ ...cpu, isa: ['avx', 'avx2', 'fma'] }, 'float32').flopsPerSecond, 2240e9)
  // VPDPBUSD: four int8 multiply-adds in the place of one of float32; matrix tiles: 1,024 a cycle, where that CPU does 64 flops.
  assert.equal(cpuPeak(cpu, 'int8').flopsPerSecond, 4 * 4480e9)
  assert.equal(cpuPeak({ ...cpu, isa: [...cpu.isa, 'amx_tile'] }, 'int8').flopsPerSecond, 28 * 1024 * 2 * 2.5e9)
  const hidden = cpuPeak({ ...cpu, frequencyMHz: { current: 2600, max: null } }, 'float32')
  assert.ok(hidden.flopsPerSecond > 2 * 4480e9, 'where the limit is hidden no CPU may be accused')
  assert.match(hidden.source, /shows no limit/)
})

test('a GPU’s peak is its data sheet’s, by precision and TF32; of another one nothing is said', () => {
  const peak = (...of: Parameters<typeof gpuPeak>) => gpuPeak(...of)?.flopsPerSecond
  assert.equal(peak('NVIDIA H100 80GB HBM3', 'float32', false), 66.9 * 1e12)
  assert.equal(peak('NVIDIA H100 80GB HBM3', 'float32', true), 494.7 * 1e12)
  assert.equal(peak('NVIDIA H100 PCIe', 'float16', true), 756 * 1e12)
  assert.equal(peak('NVIDIA A100-SXM4-40GB', 'int8', false), 624 * 1e12)
  assert.equal(peak('Tesla T4', 'float32', true), 8.1 * 1e12, 'it knows no TF32')
  assert.equal(peak('NVIDIA A100-SXM4-40GB', 'float32', true), 156 * 1e12)
  assert.equal(gpuPeak('NVIDIA Z999', 'float32', true), null)
})

test('the bandwidth of a GPU’s memory is its data sheet’s', () => {
  assert.equal(gpuBandwidth('NVIDIA H200')?.bytesPerSecond, 4.8e12)
  assert.equal(gpuBandwidth('NVIDIA H100 80GB HBM3')?.bytesPerSecond, 3.35e12)
  assert.equal(gpuBandwidth('NVIDIA Z999'), null)
})
