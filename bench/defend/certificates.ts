/** What certificates say of runs that stray, of runs left alone, and of runs beside a burnt core. */
import { Worker } from 'node:worker_threads'
import { besideEarlier, mostEarlier } from '../../src/gpu/certificate/repeats.ts'
import type { Certificate } from '../../src/gpu/contract.ts'
import { defaultSettings } from '../../src/gpu/timing/settings.ts'
import { type BlockLength, type Network, nodeBlock, type Target, workerRun } from '../blocks.ts'
import { median } from '../figure.ts'

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`
const spread = (list: readonly number[]): number => Math.max(...list) / Math.min(...list) - 1
const said = ({ reasons }: Certificate): string => reasons.map(({ code }) => code).join(' ') || 'valid'
/** A run this far from the median of its like is to have a reason. */
const far = 0.03

/** As long as a run with default settings. */
const bareLength = (length: BlockLength): BlockLength => ({ ...length, warmupMs: 1000, timedMs: 2000 })

export const repeatabilityHeader = [
  '| network | median, ms | spread of ours | spread of the bare loop | over 3 % from the median | of them with a valid certificate | each |',
  '|---|---|---|---|---|---|---|',
]

/** The same run several times, beside as many bare loops. @returns the network's row. */
export async function repeatability(network: Network, target: Target, length: BlockLength, runs: number): Promise<string> {
  const ours: { ms: number; said: string }[] = []
  const bare: number[] = []
  for (let i = 0; i < runs; i++) {
    const run = await workerRun(network, { threads: length.threads, maxDurationMs: 8000 }, target)
    const ms = median([...run.samples])
    // As the queue gives it, which knows the earlier ones.
    const earlier = ours.slice(-mostEarlier).map((each) => each.ms)
    ours.push({ ms, said: said(besideEarlier(run.certificate, ms, earlier, defaultSettings.repeatTolerance)) })
    bare.push(await nodeBlock(network, bareLength(length), target))
  }
  const middle = median(ours.map(({ ms }) => ms))
  const strayed = ours.filter(({ ms }) => Math.abs(ms / middle - 1) > far)
  const unsaid = strayed.filter(({ said }) => said === 'valid')
  const each = ours.map(({ ms, said }) => `${ms.toFixed(2)} ${said}`).join('; ')
  return `| ${network.preset} | ${middle.toFixed(2)} | ${percent(spread(ours.map(({ ms }) => ms)))} | ${percent(spread(bare))} | ${strayed.length} | ${unsaid.length} | ${each} |`
}

export const troubleHeader = ['| | not valid | spread of the bare loop | each |', '|---|---|---|---|']

/** Certificates of runs undisturbed, then with one core burnt by another thread, beside bare loops. @returns a row of each. */
export async function trouble(network: Network, target: Target, length: BlockLength, runs: number): Promise<string[]> {
  const count = async (label: string): Promise<string> => {
    const each: string[] = []
    const bare: number[] = []
    for (let i = 0; i < runs; i++) {
      each.push(said((await workerRun(network, { threads: length.threads, maxDurationMs: 4000 }, target)).certificate))
      bare.push(await nodeBlock(network, bareLength(length), target))
    }
    const share = `${each.filter((one) => one !== 'valid').length} of ${runs}`
    return `| ${label} | ${share} | ${percent(spread(bare))} | ${each.join('; ')} |`
  }
  const undisturbed = await count('undisturbed')
  const burner = new Worker('for (;;);', { eval: true })
  try {
    return [undisturbed, await count('one core burnt')]
  } finally {
    await burner.terminate()
  }
}
