import type { OnnxExport } from '../../../engine/formats/onnx-export.ts'
import { RunError } from '../../run-error.ts'
import type { LoadRequest } from '../contract.ts'
import { version } from './package.ts'

const name = `ONNX Runtime ${version}`

/** What a user's file can be run with instead: neither loads it in ONNX Runtime. */
const without = 'ask for weights: "seeded", which writes the network anew, or for the runtime "tfjs"'

/** One kind of refusal. */
interface Refusal {
  code: string
  /** What ONNX Runtime says, read in `onnxruntime/core` (`model_load_utils.h`, `model.cc`, `graph.cc`, `session_state.cc`). */
  words: RegExp
  sentence(parts: readonly string[], request: LoadRequest, layer: (node: string) => string): string
}

const operatorOf = (domain: string, type: string): string => (domain === '' || domain === 'ai.onnx' ? type : `${domain}.${type}`)
const unknownOperator = (operator: string, where: string): string =>
  `${name} has no operator ${operator}${where}: export the network with operators of ONNX’s own, or ${without}, if the network can be run so`

const refusals: readonly Refusal[] = [
  {
    code: 'UNSUPPORTED_OPSET',
    words: /\bOpset (\d+) is under development[\s\S]*Current official support for domain (\S+) is till opset (\d+)/,
    sentence: ([asked, domain, newest]) =>
      domain === 'ai.onnx'
        ? `the file is written in opset ${asked} of ONNX, and ${name} loads opsets up to ${newest}: export it in opset ${newest} or older, or convert it (onnx.version_converter), or ${without}`
        : `the file asks for version ${asked} of the operator set ${domain}, and ${name} loads versions up to ${newest}: export it for version ${newest} or older, or ${without}`,
  },
  {
    code: 'UNSUPPORTED_OPSET',
    words: /Unsupported model IR version: (\d+), max supported IR version: (\d+)/,
    sentence: ([asked, newest]) =>
      `the file has IR version ${asked}, and ${name} reads versions up to ${newest}: save it with ir_version ${newest} or older, or ${without}`,
  },
  {
    code: 'UNSUPPORTED_OPERATOR',
    words: /([\w.-]*):(\w+)\(-?\d+\) is not a registered function\/op/,
    sentence: ([domain, type]) => unknownOperator(operatorOf(domain!, type!), ''),
  },
  {
    code: 'UNSUPPORTED_OPERATOR',
    words: /In Node, \("([^"]*)", (\w+), "([^"]*)", -?\d+\)[\s\S]*Error No Op registered for \w+ with domain_version of (\d+)/,
    sentence: ([node, type, domain, opset], _, layer) =>
      unknownOperator(operatorOf(domain!, type!), ` in version ${opset} of its operator set, which ${layer(node!)} takes`),
  },
  {
    code: 'NOT_SUPPORTED_BY_DEVICE',
    words: /Could not find an implementation for ([\w.:]+)\((\d+)\) node with name '([^']*)'/,
    sentence: ([type, opset, node], { device, model }, layer) =>
      `${name} has no kernel on ${device.kind === 'cuda' ? 'CUDA' : 'the CPU'} for ${type}, as opset ${opset} has it, in the types of ${layer(node!)}: ${
        model ? `export the network in float32, or ${without}` : 'use another precision or another runtime'
      }`,
  },
]

/**
 * Why ONNX Runtime does not load a network, in plain words that name its layer or operator and what helps.
 * @param error What it threw.
 * @returns RunError UNSUPPORTED_OPSET where the file is newer than this ONNX Runtime, UNSUPPORTED_OPERATOR where it has no such operator,
 *   NOT_SUPPORTED_BY_DEVICE where it has none in the types of a node; any other `error` as it is.
 */
export function refusalOf(error: Error, request: LoadRequest, { layerOfNode }: Pick<OnnxExport, 'layerOfNode'>): Error {
  const layer = (node: string): string => {
    const id = layerOfNode.get(node)
    return id === undefined ? `node "${node}"` : `layer "${id}"`
  }
  for (const { code, words, sentence } of refusals) {
    const parts = words.exec(error.message)
    if (parts) return Object.assign(new RunError(code, sentence(parts.slice(1), request, layer)), { cause: error })
  }
  return error
}
