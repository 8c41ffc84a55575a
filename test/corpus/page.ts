/** docs/corpus.md. */
import { grouped, table } from '../../scripts/markdown.ts'
import type { Checked, Facts } from './check.ts'
import { type FileSpec, type NetworkSpec, nameOf } from './networks.ts'

export interface Row {
  network: NetworkSpec
  file: FileSpec
  facts: Facts
  /** null where the exporter itself failed. */
  checked: Checked | null
}

const way = ({ name }: FileSpec): string => name.split('.').at(-1)!

function line({ network, file, facts, checked }: Row): (string | number)[] {
  const cells = [`\`${nameOf(network)}\``, way(file), network.input.join('×')]
  if (!checked) return [...cells, '', '', '', '', '']
  const { state, macs, params, outputs, law, differences, remarks } = checked
  const same = (ours: number | null, theirs: number) =>
    ours === null
      ? `**not read; ${grouped(theirs)}**`
      : ours === theirs
        ? grouped(ours)
        : `${grouped(ours)} here, ${grouped(theirs)} executed`
  return [
    ...cells,
    same(params, facts.params),
    same(macs, facts.batches[1]!.macs),
    outputs,
    law,
    state === 'fails' ? `**${differences[0]!.split('\n')[0]}**` : [state, ...remarks].join('; '),
  ]
}

export function corpusPage(rows: readonly Row[]): string {
  const made = rows.filter(({ checked }) => checked)
  const of = (state: Checked['state']) => made.filter(({ checked }) => checked!.state === state).length
  const networks = new Set(made.map(({ network }) => nameOf(network))).size
  const versions = Object.entries(made[0]!.facts.versions).map(([name, version]) => `${name} ${version}`)
  const unmade = rows.filter(({ checked }) => !checked)
  return `# Networks as people export them

Written by \`npm run test:corpus -- --save\`; do not edit. ${networks} networks of timm, torchvision and ultralytics, exported by PyTorch's
two exporters and some worked over by ONNX Runtime's tools, ${made.length} files. **${of('exact')} are exact, ${of('partial')} partial, ${of('fails')} differ.**

- Date: ${new Date().toISOString().slice(0, 10)}. Versions: ${versions.join(', ')}.
- \`dynamo\` is \`torch.onnx.export(dynamo=True)\` with weights in a file beside the model; \`torchscript\` the older exporter, weights
  inside. \`open\` has a symbolic batch, the others a batch of 1. \`qdq\` and \`qoperator\` are ONNX Runtime's static quantization,
  \`ort-extended\` and \`ort-all\` what it writes as an optimized model. Opset: what the exporter takes unasked.
- **MACs** are those of the executed file: Python adds the shape of everything a product reads and gives to the outputs, runs the
  file in ONNX Runtime without optimization, and multiplies these shapes; at a batch of 1, 2 and 3 where the batch is open. A
  file of one image costs n times as much for n. The table has a batch of 1; the other two are held as well, and so are the shapes
  of the outputs. A product of constants alone is none. An optimized file is held against the file that it was made of.
- **Parameters** are the tensors in the file that have the numbers of a PyTorch parameter, or of a part of one, and weights, biases
  and scales that the exporter folded. PyTorch's buffers are none, and neither are other constants.
- Where both count a parameter otherwise the last column says so: a single number on a data operand is a constant here, since files write
  PyTorch's numbers and its scalar parameters alike; a table on a data operand that nothing shows to be fixed counts as learned, with a note.
- **Three images**: we export the network as it was read, with the file's weights, run three images at once, and take each from what
  the file gives for that image alone in Python. The figure is the largest difference over the largest output. Quantized networks round between layers, so that another order of a sum
  shows: ONNX Runtime, optimized and not, is 0.024 from itself with ResNet-50, and 0.05 is the bound. Else it is 0.001.
- Files with external data are also read without it: figures are the same, or the refusal asks for the file by name.
- \`partial\` names what could not be counted; MACs are then those of the rest.
- Weights are random and images as small as a network permits.

${table(['network', 'export', 'image', 'parameters:', 'MACs:', 'outputs', 'three images:', ''], made.map(line))}
${
  unmade.length === 0
    ? ''
    : `
## Not exported

${table(
  ['network', 'export', 'what the tool says'],
  unmade.map(({ network, file, facts }) => [`\`${nameOf(network)}\``, way(file), facts.error!]),
)}
`
}`
}
