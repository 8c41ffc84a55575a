/** Keras models written by hand, in the wiring of either generation. */
export type Inbound = string | [name: string, node: number]

export interface HandLayer {
  class_name: string
  name: string
  config?: Record<string, unknown>
  /** A list for each call. */
  calls?: Inbound[][]
  /** For a model as a layer: its whole JSON. */
  model?: Record<string, unknown>
}

const reference = (inbound: Inbound): [string, number, number] => (typeof inbound === 'string' ? [inbound, 0, 0] : [...inbound, 0])

export const input = (name: string, ...shape: (number | null)[]): HandLayer => ({
  class_name: 'InputLayer',
  name,
  config: { batch_input_shape: [null, ...shape] },
})

/** A layer called once on these. */
export const on = (class_name: string, name: string, inputs: Inbound | Inbound[], config: Record<string, unknown> = {}): HandLayer => ({
  class_name,
  name,
  config,
  calls: [
    Array.isArray(inputs) && Array.isArray(inputs[0])
      ? (inputs as Inbound[])
      : typeof inputs === 'string'
        ? [inputs]
        : (inputs as Inbound[]),
  ],
})

/** A Functional model; `generation` chooses how calls are written. */
export function functional(
  layers: HandLayer[],
  inputs: string[],
  outputs: Inbound[],
  generation: 2 | 3 = 2,
  name = 'model',
): Record<string, any> {
  const call = (inbound: Inbound[]) => {
    if (generation === 2) return inbound.map((each) => [...reference(each), {}])
    const tensors = inbound.map((each) => ({
      class_name: '__keras_tensor__',
      config: { shape: [null], dtype: 'float32', keras_history: reference(each) },
    }))
    return { args: tensors.length === 1 ? tensors : [tensors], kwargs: {} }
  }
  return {
    ...(generation === 3 ? { module: 'keras.src.models.functional' } : {}),
    class_name: 'Functional',
    config: {
      name,
      layers: layers.map(({ calls = [], model, config, ...rest }) => ({
        ...rest,
        config: model ? model.config : { name: rest.name, ...config },
        inbound_nodes: calls.map(call),
      })),
      input_layers: inputs.map((each) => [each, 0, 0]),
      output_layers: outputs.map(reference),
    },
    ...(generation === 2 ? { keras_version: '2.15.0' } : {}),
  }
}

/** A Sequential; the first layer says what it takes where `shape` is given. */
export const sequential = (
  shape: (number | null)[] | null,
  layers: [class_name: string, config: Record<string, unknown>][],
): Record<string, any> => ({
  class_name: 'Sequential',
  config: {
    name: 'sequential',
    layers: layers.map(([class_name, config], i) => ({
      class_name,
      config: { name: `l${i}`, ...(i === 0 && shape ? { batch_input_shape: [null, ...shape] } : {}), ...config },
    })),
  },
  keras_version: '2.15.0',
})
