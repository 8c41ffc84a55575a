/**
 * `npm run bench:cli [-- repetitions]`: `archmeter cost` on ResNet-50 with its weights, an ONNX file of 100 MB, beside the tools that
 * count such a network, each as a whole process from its start to its exit: wall time, processor time, peak memory, the
 * median of several. The tools are Python packages in an environment of their own: onnx-tool in one made here; fvcore and
 * torchinfo, which read no ONNX and get torchvision's ResNet-50, in the one that `npm run test:tools` has made.
 */
import { execFileSync, spawnSync } from 'node:child_process'
import { closeSync, existsSync, mkdirSync, mkdtempSync, openSync, rmSync, statSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { streamOnnx } from '../src/engine/formats/onnx-stream.ts'
import { verifyGraph } from '../src/engine/verify.ts'
import { expandZoo } from '../src/engine/zoo/index.ts'

const root = resolve(import.meta.dirname, '..')
const repetitions = Number(process.argv[2] ?? 5)
const folder = mkdtempSync(join(tmpdir(), 'archmeter-bench-cli-'))
const model = join(folder, 'resnet50.onnx')

/** Runs a command and prints what the system says of it: `getrusage` of an ended child has its peak. */
const meter = `
import json, resource, subprocess, sys, time
began = time.monotonic()
done = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
wall = time.monotonic() - began
used = resource.getrusage(resource.RUSAGE_CHILDREN)
# Kibibytes on Linux, bytes on macOS.
peak = used.ru_maxrss * (1024 if sys.platform == 'linux' else 1)
print(json.dumps({'code': done.returncode, 'wall': wall, 'cpu': used.ru_utime + used.ru_stime, 'peak': peak, 'said': done.stderr.decode()[-300:]}))
`
interface Measured {
  code: number
  wall: number
  cpu: number
  peak: number
  said: string
}

/** A folder with onnx-tool in it, or why there is none. */
function onnxTool(): { python: string } | { why: string } {
  const venv = join(root, '.cache/onnx-tool-venv')
  const python = join(venv, 'bin/python')
  if (!existsSync(python)) {
    mkdirSync(join(root, '.cache'), { recursive: true })
    if (spawnSync('python3', ['-m', 'venv', venv]).status !== 0) return { why: 'no python3 with venv here' }
  }
  const installed = spawnSync(python, ['-c', 'import onnx_tool']).status === 0
  if (!installed && spawnSync(python, ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', 'onnx-tool==1.0.1']).status !== 0)
    return { why: 'onnx-tool could not be installed by pip' }
  return { python }
}

function write100MB(): void {
  const file = openSync(model, 'w')
  try {
    for (const piece of streamOnnx(verifyGraph(expandZoo({ preset: 'resnet50' }).spec), { seed: 0 }).pieces) writeSync(file, piece)
  } finally {
    closeSync(file)
  }
}

const torchTools = join(root, '.cache/tools-venv/bin/python')
/** As `scripts/tools/measure.py` loads torch: symbols are looked up when they are called, since CUDA's libraries are not there. */
const withTorch = (code: string) =>
  `import os, sys\nsys.setdlopenflags(os.RTLD_LAZY)\nimport torch, torchvision\nm, x = torchvision.models.resnet50().eval(), torch.zeros(1, 3, 224, 224)\n${code}`

try {
  write100MB()
  const tool = onnxTool()
  const subjects: { name: string; command: string[] | null; why?: string }[] = [
    { name: 'archmeter cost', command: [process.execPath, join(root, 'bin/archmeter.js'), 'cost', model] },
    {
      name: 'onnx-tool',
      command:
        'python' in tool
          ? [
              tool.python,
              '-c',
              `import onnx_tool\nm = onnx_tool.Model(${JSON.stringify(model)})\nm.graph.shape_infer({})\nm.graph.profile()\nm.graph.print_node_map()`,
            ]
          : null,
      ...('why' in tool ? { why: tool.why } : {}),
    },
    ...[
      ['fvcore', 'from fvcore.nn import FlopCountAnalysis\nprint(FlopCountAnalysis(m, x).total())'],
      ['torchinfo', 'import torchinfo\nprint(torchinfo.summary(m, input_data=x))'],
    ].map(([name, code]) => ({
      name: name!,
      command: existsSync(torchTools) ? [torchTools, '-c', withTorch(code!)] : null,
      why: 'npm run test:tools has not made its environment here',
    })),
  ]
  // Once unmeasured: the bundle, compile caches, the file in the system's cache. Then in turns, so that a busy minute is everybody's.
  const samples = new Map<string, Measured[]>(subjects.map(({ name }) => [name, []]))
  for (let turn = 0; turn <= repetitions; turn++)
    for (const { name, command } of subjects) {
      if (!command) continue
      const measured = JSON.parse(execFileSync('python3', ['-c', meter, ...command]).toString()) as Measured
      if (measured.code !== 0) throw new Error(`${name} ended with ${measured.code}: ${measured.said}`)
      if (turn > 0) samples.get(name)!.push(measured)
    }
  const median = (values: number[]) => values.sort((a, b) => a - b)[Math.floor(values.length / 2)]!
  console.log(`${statSync(model).size} bytes, Node ${process.version}, medians of ${repetitions}`)
  for (const { name, command, why } of subjects) {
    const of = samples.get(name)!
    if (!command) console.log(`${name}: skipped: ${why}`)
    else
      console.log(
        `${name}: wall ${median(of.map(({ wall }) => wall)).toFixed(3)} s, processor ${median(of.map(({ cpu }) => cpu)).toFixed(3)} s, peak ${(median(of.map(({ peak }) => peak)) / 2 ** 20).toFixed(0)} MiB`,
      )
  }
  console.log('aim: at most half of the fastest’s wall time and half of its peak memory')
} finally {
  rmSync(folder, { recursive: true, force: true })
}
