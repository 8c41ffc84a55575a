import { create } from '@bufbuild/protobuf'
import { type AttributeProto, AttributeProto_AttributeType, AttributeProtoSchema, type NodeProto, NodeProtoSchema } from 'onnx-buf'
import { numel, type Shape } from '../shape.ts'
import type { Initializers } from './onnx-initializers.ts'

interface Tensor {
  name: string
  shape: Shape
}

/**
 * The edges of a model whose input and output stay on the device. A runtime that copies inputs and outputs at each call
 * then copies a scalar each way, and what is timed is the network and the operations that are added here.
 */
export class ResidentEdges {
  /** What the model still takes: one scalar. */
  readonly inputs: readonly [Tensor]
  /** A scalar for each output of the network. */
  readonly outputs: readonly Tensor[]
  readonly addedOps: string[]
  readonly #network: { inputs: readonly Tensor[]; outputs: readonly Tensor[] }
  readonly #fresh: { tensor(name: string): string; node(name: string): string }

  constructor(inputs: readonly Tensor[], outputs: readonly Tensor[], fresh: { tensor(name: string): string; node(name: string): string }) {
    this.#network = { inputs, outputs }
    this.#fresh = fresh
    this.inputs = [{ name: fresh.tensor('scale'), shape: [] }]
    this.outputs = outputs.map(({ name }) => ({ name: fresh.tensor(`${name}/max`), shape: [] }))
    this.addedOps = [
      ...inputs.map(({ name, shape }) => `Mul: ${numel(shape)} elements of the input ${name} by a scalar`),
      ...outputs.map(({ name, shape }) => `ReduceMax: ${numel(shape)} elements of the output ${name} to a scalar`),
    ]
  }

  /** The nodes that make the network's inputs; their data are declared among the initializers. */
  before(initializers: Initializers): NodeProto[] {
    return this.#network.inputs.map(({ name, shape }) => {
      const data = this.#fresh.tensor(`${name}/data`)
      initializers.declareInput(data, name, shape)
      return this.#node('Mul', `${name}/scale`, [data, this.inputs[0].name], name)
    })
  }

  /** The nodes that read the network's outputs; without axes ReduceMax takes all. */
  after(): NodeProto[] {
    const keepdims = create(AttributeProtoSchema, { name: 'keepdims', type: AttributeProto_AttributeType.INT, i: 0n })
    return this.#network.outputs.map(({ name }, i) => this.#node('ReduceMax', `${name}/max`, [name], this.outputs[i]!.name, [keepdims]))
  }

  #node(opType: string, name: string, input: string[], output: string, attribute: AttributeProto[] = []): NodeProto {
    return create(NodeProtoSchema, { opType, name: this.#fresh.node(name), input, output: [output], attribute })
  }
}
