/**
 * `npm run bench:prediction -- --measure file`: one line of JSON a network, from which the benchmark learns. Other processes share
 * the machine, so nothing is taken from one stretch of time: rounds go through all networks in turn, each in a process of
 * its own with one thread; a call is told by the least processor time that it takes, which is its latency on an idle core,
 * and a kernel by the least of its times, over all calls and rounds.
 */
import { fork } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { median } from '../figure.ts'
import type { Block } from './block.ts'
import type { MeasuredNetwork } from './data.ts'

/** Small enough that a round of all takes about a minute. */
const presets = [
  ...['alexnet', 'squeezenet1_0', 'squeezenet1_1', 'googlenet', 'densenet121', 'convnext_tiny'],
  ...['resnet18', 'resnet34', 'resnet50', 'resnext50_32x4d', 'regnet_x_400mf', 'regnet_y_400mf'],
  ...['mobilenet_v1', 'mobilenet_v1_x0_5', 'mobilenet_v2', 'mobilenet_v3_small', 'mobilenet_v3_large'],
  ...['shufflenet_v1_g3', 'shufflenet_v2_x0_5', 'shufflenet_v2_x1_0', 'mnasnet0_5', 'mnasnet1_0', 'efficientnet_b0'],
]
const rounds = 3

const blockOf = (preset: string): Promise<Block> =>
  new Promise((resolve, reject) => {
    const child = fork(new URL('./block.ts', import.meta.url), [preset])
    child.once('message', (block) => resolve(block as Block))
    child.once('exit', (code) => reject(new Error(`the block of ${preset} ended with code ${code} and no figure`)))
  })

/** Measures the networks on this CPU and writes them to a file. */
export async function measure(file: string): Promise<void> {
  const blocks = new Map<string, Block[]>(presets.map((preset) => [preset, []]))
  for (let round = 0; round < rounds; round++)
    for (const preset of presets) {
      const block = await blockOf(preset)
      blocks.get(preset)!.push(block)
      console.log(`round ${round + 1} ${preset}: ${block.callMs.toFixed(2)} ms`)
    }
  const lines = presets.map((preset): MeasuredNetwork => {
    const each = blocks.get(preset)!
    const calls = each.map(({ callMs }) => callMs)
    const least = (i: number) => Math.min(...each.map(({ perLayer }) => perLayer[i]!.ms))
    return {
      preset,
      callMs: Math.min(...calls),
      spread: Math.max(...calls) / Math.min(...calls),
      rounds: calls.map((ms) => Number(ms.toFixed(4))),
      unattributedMs: Number(Math.min(...each.map(({ unattributedMs }) => unattributedMs)).toFixed(5)),
      perLayer: each[0]!.perLayer.map(({ layerIds }, i) => ({ layerIds, ms: Number(least(i).toFixed(5)) })),
    }
  })
  const head = {
    device: cpus()[0]?.model ?? 'unknown',
    date: new Date().toISOString().slice(0, 10),
    node: process.version,
    onnxruntime: blocks.get(presets[0]!)![0]!.version,
    threads: 1,
    batch: 1,
    method: `least processor time of a call, and least time of each kernel, over all calls of ${rounds} interleaved rounds`,
    medianSpread: median(lines.map(({ spread }) => spread)),
  }
  writeFileSync(file, [head, ...lines].map((line) => `${JSON.stringify(line)}\n`).join(''))
}
