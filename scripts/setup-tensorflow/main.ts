/**
 * `npm run setup:tensorflow [-- --variant cpu|cuda]`: brings TensorFlow from PyPI into the project's own folder, builds
 * the binding of @tensorflow/tfjs-node-gpu on it, and runs a tiny graph through it. A second call goes on where the
 * first one stopped, or only tries what is there.
 */
import { parseArgs } from 'node:util'
import { readConfig } from '../../src/api/config.ts'
import { surveyDevices } from '../../src/gpu/devices/survey.ts'
import { type TensorflowVariant, tensorflowVariants } from '../../src/gpu/tensorflow-folder.ts'
import { SetupError } from '../wheels.ts'
import { tryDevices } from './check.ts'
import { installTensorflow } from './install.ts'

const help = `Brings the back end tensorflow of TensorFlow.js, which runs on NVIDIA GPUs and on the CPU, into TENSORFLOW_DIR.
Needs Python 3 with pip or venv, and g++.

  npm run setup:tensorflow                    for this host: with CUDA where it has a GPU
  npm run setup:tensorflow -- --variant cpu   without CUDA: about 0.3 GB to download, 0.9 GB in the folder
  npm run setup:tensorflow -- --variant cuda  with CUDA 12 and cuDNN 9: about 3 GB to download, 6 GB in the folder
`

const say = (line: string): void => console.log(`setup:tensorflow: ${line}`)

function readVariant(): TensorflowVariant | 'help' | null {
  try {
    const { values } = parseArgs({ options: { help: { type: 'boolean' }, variant: { type: 'string' } } })
    if (values.help) return 'help'
    const variant = tensorflowVariants.find((each) => each === values.variant)
    if (values.variant !== undefined && !variant)
      throw new Error(`--variant is ${tensorflowVariants.join(' or ')}, not "${values.variant}"`)
    return variant ?? null
  } catch (error) {
    throw new SetupError((error as Error).message)
  }
}

async function main(): Promise<number> {
  const asked = readVariant()
  if (asked === 'help') {
    console.log(help)
    return 0
  }
  const { TENSORFLOW_DIR: folder } = readConfig(process.env)
  const { devices } = await surveyDevices()
  const { tfjsNodeGpu, tensorflow, variant } = await installTensorflow(folder, asked, devices, say)
  say(`the binding of tfjs-node-gpu ${tfjsNodeGpu}, built on TensorFlow ${tensorflow} (${variant}), is in ${folder}`)
  return (await tryDevices(devices, variant, say)) ? 0 : 1
}

try {
  process.exitCode = await main()
} catch (error) {
  if (!(error instanceof SetupError)) throw error
  console.error(`setup:tensorflow: ${error.message}`)
  process.exitCode = 1
}
