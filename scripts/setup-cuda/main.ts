/**
 * `npm run setup:cuda [-- --prepare] [-- --pack FOLDER [--with-libraries]]`: brings ONNX Runtime's CUDA provider and the
 * CUDA libraries it needs into the project's own folder, and tries them. A GPU host needs its NVIDIA driver, and Python
 * with pip to download by, nothing else.
 */
import { parseArgs } from 'node:util'
import { readConfig } from '../../src/api/config.ts'
import { surveyDevices } from '../../src/gpu/devices/survey.ts'
import { SetupError } from '../wheels.ts'
import { tryDevices, whyNotHere } from './check.ts'
import { installCuda } from './install.ts'
import { pack } from './pack.ts'

const help = `Brings what ONNX Runtime needs to run on NVIDIA GPUs: about 1.6 GB to download, 2.4 GB in CUDA_DIR.

  npm run setup:cuda                     for this host, and tries it
  npm run setup:cuda -- --prepare        for another host: without a look at this one's driver
  npm run setup:cuda -- --pack FOLDER    what was set up, in parts of at most 60 MiB, for a host without a network
     --with-libraries                    with CUDA's own libraries, which that host may have already
`

const say = (line: string): void => console.log(`setup:cuda: ${line}`)

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      help: { type: 'boolean', default: false },
      prepare: { type: 'boolean', default: false },
      pack: { type: 'string' },
      'with-libraries': { type: 'boolean', default: false },
    },
  })
  if (values.help) {
    console.log(help)
    return 0
  }
  const { CUDA_DIR: folder } = readConfig(process.env)
  if (values['with-libraries'] && values.pack === undefined)
    throw new SetupError('--with-libraries says what to pack: it goes with --pack FOLDER')
  if (values.pack !== undefined) {
    await pack(folder, values.pack, values['with-libraries'], say)
    return 0
  }
  const survey = await surveyDevices()
  if (!values.prepare) {
    const problem = whyNotHere(survey)
    if (problem) throw new SetupError(`${problem}\nTo prepare the folder for another host: npm run setup:cuda -- --prepare`)
  }
  const { onnxruntime, commit } = await installCuda(folder, say)
  say(`ONNX Runtime ${onnxruntime} (commit ${commit}) with its CUDA provider is in ${folder}`)
  if (!values.prepare) return (await tryDevices(survey, folder, say)) ? 0 : 1
  say('prepared; whether it works shows on a host with a GPU, by the same command there')
  return 0
}

try {
  process.exitCode = await main()
} catch (error) {
  if (!(error instanceof SetupError) && !(error as Error).message.includes('option')) throw error
  console.error(`setup:cuda: ${(error as Error).message}`)
  process.exitCode = 1
}
