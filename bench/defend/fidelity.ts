/**
 * Our median against a bare onnxruntime loop in Node and in Python, same file, same threads, in alternating blocks, each
 * a process of its own. A block is set against the bare ones right before and after it; beside it stands the bare loop
 * against itself, measured the same way. PyTorch, where there is one, runs the same network of its own.
 */
import { type BlockLength, type Network, nodeBlock, type Target, workerBlock } from '../blocks.ts'
import { errorOfMedian, median } from '../figure.ts'
import { pythonBlock, torchBlock } from './python.ts'

export interface Beside {
  /** Python with onnxruntime. */
  python: string | null
  /** Python with torch and torchvision. */
  torch: string | null
}

const ratio = (list: readonly number[]): string =>
  list.length > 0 ? `${median(list).toFixed(4)} ± ${(2 * errorOfMedian(list)).toFixed(4)}` : 'none'
/** Compiling takes a process tens of seconds. */
const torchBlocks = 3

export const header = ({ torch }: Beside): string[] => {
  const names = ['network', 'bare loop, ms', 'ours / bare', 'Python / bare', 'bare / itself', 'blocks']
  names.push(...(torch ? ['PyTorch eager / bare', 'PyTorch compiled / bare'] : []), 'within 2 %, or as near as bare to itself')
  return [`| ${names.join(' | ')} |`, '|---'.repeat(names.length).concat('|')]
}

/** @returns the network's row. */
export async function fidelity(network: Network, target: Target, length: BlockLength, blocks: number, beside: Beside): Promise<string> {
  const { python, torch } = beside
  const ratios = { worker: [] as number[], python: [] as number[], bare: [] as number[], eager: [] as number[], compiled: [] as number[] }
  const bare = [await nodeBlock(network, length, target)]
  /** Takes what `take` measures between two bare blocks, as ratios to them. */
  const between = async <T extends Partial<Record<keyof typeof ratios, number>>>(take: () => Promise<T>) => {
    const taken = await take()
    bare.push(await nodeBlock(network, length, target))
    const around = Math.sqrt(bare.at(-1)! * bare.at(-2)!)
    for (const [who, ms] of Object.entries(taken)) ratios[who as keyof typeof ratios].push(ms / around)
    if (bare.length > 2) ratios.bare.push(bare.at(-2)! / Math.sqrt(bare.at(-1)! * bare.at(-3)!))
  }
  for (let block = 0; block < blocks; block++) {
    await between(async () => ({ worker: await workerBlock(network, length, target) }))
    if (python) await between(async () => ({ python: await pythonBlock(python, network, length, target) }))
    if (torch && block < torchBlocks) await between(() => torchBlock(torch, network, length, target))
  }
  const off = Math.abs(median(ratios.worker) - 1)
  const allowed = Math.max(0.02, Math.abs(median(ratios.bare) - 1) + 2 * errorOfMedian(ratios.bare))
  const cells = [
    network.preset,
    median(bare).toFixed(2),
    ratio(ratios.worker),
    ratio(ratios.python),
    ratio(ratios.bare),
    ratios.worker.length,
  ]
  cells.push(...(torch ? [ratio(ratios.eager), ratio(ratios.compiled)] : []), off <= allowed ? 'yes' : 'NO')
  return `| ${cells.join(' | ')} |`
}
