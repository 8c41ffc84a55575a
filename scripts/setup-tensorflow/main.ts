/**
 * `npm run setup:tensorflow [-- --variant cpu|cuda] [-- --cuda 12|13]`: brings TensorFlow from PyPI into the project's own folder, builds
 * the binding of @tensorflow/tfjs-node-gpu on it, and runs a tiny graph through it. A second call goes on where the
 * first one stopped, or only tries what is there.
 */
import { parseArgs } from 'node:util'
import { readConfig } from '../../src/api/config.ts'
import { surveyDevices } from '../../src/gpu/devices/survey.ts'
import { type CudaLibraries, cudaLibraries, type TensorflowVariant, tensorflowVariants } from '../../src/gpu/tensorflow-folder.ts'
import { SetupError } from '../wheels.ts'
import { tryDevices } from './check.ts'
import { installTensorflow } from './install.ts'

const help = `Brings the back end tensorflow of TensorFlow.js, which runs on NVIDIA GPUs and on the CPU, into TENSORFLOW_DIR.
Needs Python 3 with pip or venv, and g++.

  npm run setup:tensorflow                    for this host: with CUDA where it has a GPU
  npm run setup:tensorflow -- --variant cpu   without CUDA: about 0.3 GB to download, 0.9 GB in the folder
  npm run setup:tensorflow -- --variant cuda  with CUDA: on CUDA 13's libraries where npm run setup:cuda has brought them
                                              (0.9 GB to download, 2.3 GB in the folder), else on CUDA 12's own
                                              (about 3 GB to download, 6 GB in the folder)
  npm run setup:tensorflow -- --cuda 12       those of CUDA 12 in any case; --cuda 13: the others
`

const say = (line: string): void => console.log(`setup:tensorflow: ${line}`)

/** What was asked for; null where it is left to the set-up. */
interface Asked {
  help: boolean
  variant: TensorflowVariant | null
  cuda: CudaLibraries | null
}

function readArguments(): Asked {
  try {
    const { values } = parseArgs({ options: { help: { type: 'boolean' }, variant: { type: 'string' }, cuda: { type: 'string' } } })
    const cuda = oneOf('--cuda', values.cuda, cudaLibraries)
    const variant = oneOf('--variant', values.variant, tensorflowVariants) ?? (cuda && 'cuda')
    if (variant === 'cpu' && cuda) throw new Error('--cuda says which libraries the variant cuda takes: leave it out with --variant cpu')
    return { help: values.help ?? false, variant, cuda }
  } catch (error) {
    throw new SetupError((error as Error).message)
  }
}

function oneOf<T extends string>(name: string, value: string | undefined, choices: readonly T[]): T | null {
  if (value === undefined) return null
  const choice = choices.find((each) => each === value)
  if (!choice) throw new Error(`${name} is ${choices.join(' or ')}, not "${value}"`)
  return choice
}

async function main(): Promise<number> {
  const { help: helps, ...asked } = readArguments()
  if (helps) {
    console.log(help)
    return 0
  }
  const { TENSORFLOW_DIR: folder, CUDA_DIR: cudaFolder } = readConfig(process.env)
  const { devices } = await surveyDevices()
  const setUp = async (cuda: CudaLibraries | null) => {
    const installed = await installTensorflow(folder, asked.variant, devices, { asked: cuda, cudaFolder }, say)
    const { tfjsNodeGpu, tensorflow, variant } = installed
    const on = installed.cuda ? `${variant}, CUDA ${installed.cuda}’s libraries` : variant
    say(`the binding of tfjs-node-gpu ${tfjsNodeGpu}, built on TensorFlow ${tensorflow} (${on}), is in ${folder}`)
    return { installed, works: await tryDevices(devices, variant, say) }
  }
  const first = await setUp(asked.cuda)
  if (first.works || asked.cuda !== null || first.installed.cuda !== '13') return first.works ? 0 : 1
  say('TensorFlow does not work on CUDA 13’s libraries here: taking its own, of CUDA 12')
  return (await setUp('12')).works ? 0 : 1
}

try {
  process.exitCode = await main()
} catch (error) {
  if (!(error instanceof SetupError)) throw error
  console.error(`setup:tensorflow: ${error.message}`)
  process.exitCode = 1
}
