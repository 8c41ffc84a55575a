import type { Limits } from '../../limits.ts'
import { isRecord } from '../../read-spec.ts'
import type { Violations } from '../../violations.ts'
import { Call } from './call.ts'
import { Config } from './config.ts'
import { KerasFault } from './fault.ts'
import { layerClasses } from './layers/index.ts'
import type { DataFormat, KerasTensor } from './tensor.ts'
import type { KerasLayer, KerasModel, KerasReference, Operand } from './topology.ts'
import { plainId, tooMany, Writer } from './writer.ts'

export interface NetworkOptions {
  generation: 2 | 3
  limits: Limits
  /** Replaces the shape of the one input, as Keras has it, batch left out. */
  inputShape?: readonly number[]
}

/** Position of the channels in this model, for layers that do not state it: that of the first layer that does. */
function dataFormatOf(model: KerasModel): DataFormat {
  const stack = [model]
  for (let next = stack.pop(); next; next = stack.pop())
    for (const { config, model: inner } of next.layers) {
      if (config.data_format === 'channels_first' || config.data_format === 'channels_last') return config.data_format
      if (inner) stack.push(inner)
    }
  return 'channels_last'
}

/** Writes a model, call by call. Violations are added with the path of the layer; layers that depend on a wrong one are skipped. */
export class Network {
  readonly writer: Writer
  readonly #violations: Violations
  readonly #options: NetworkOptions
  readonly #ids = new Map<KerasLayer, { first: string; calls: number }>()
  readonly #said = new Set<string>()
  #work = 0

  constructor(model: KerasModel, violations: Violations, options: NetworkOptions) {
    this.writer = new Writer(dataFormatOf(model), options.limits)
    this.#violations = violations
    this.#options = options
  }

  /** The whole model, its inputs as the graph's. @returns its outputs as the engine's references. */
  whole(model: KerasModel): string[] {
    const byName = new Map(model.layers.map((layer) => [layer.name, layer]))
    const inputs = model.inputs.map(({ layer }) => {
      const found = byName.get(layer)
      return found ? this.#guarded(found, () => this.#graphInput(found, model.inputs.length)) : null
    })
    const outputs = this.#model(model, inputs, '', false)
    const refs = new Set<string>()
    const sources = new Set(this.writer.inputs.map(({ id }) => id))
    const last = model.outputs.map(({ layer }) => byName.get(layer))
    outputs.forEach((tensor, i) => {
      if (tensor === null) return
      // An output leaves in Keras's own order, or as the engine's map; a vector in mixed order is neither.
      const layer = last[i] as KerasLayer
      const done =
        tensor.layout === 'mixed'
          ? this.#guarded(layer, () =>
              this.#call(layer, [tensor], false, this.writer.fresh(`${layer.name}_output`)).arrange(tensor, 'as-is'),
            )
          : tensor
      if (done === null) return
      const ref = sources.has(done.ref)
        ? this.writer.write(this.writer.fresh(`${layer.name}_output`), 'Identity', [done.ref], {}, undefined)
        : done.ref
      refs.add(ref)
    })
    // Keras runs every output of a model it calls, whether read or not; so it is an output here.
    for (const { id } of this.writer.layers) if (!this.writer.read.has(id as string)) refs.add(id as string)
    return [...refs]
  }

  #call(layer: KerasLayer, inputs: readonly KerasTensor[], shared: boolean, id: string, firstId = id, operand?: Operand): Call {
    return new Call({
      config: new Config(layer.config),
      inputs,
      className: layer.className,
      generation: this.#options.generation,
      shared,
      writer: this.writer,
      id,
      firstId,
      ...(operand ? { operand } : {}),
    })
  }

  /** What `work` gives, or null where it finds a fault, which is added. */
  #guarded<T>(layer: KerasLayer, work: () => T): T | null {
    this.writer.at(layer.path)
    try {
      return work()
    } catch (cause) {
      if (!(cause instanceof KerasFault)) throw cause
      const path = `${layer.path}${cause.at}`
      // A model that is called twice has each of its faults twice.
      const said = `${path} ${cause.message}`
      if (!this.#said.has(said)) this.#violations.add(path, plainId(layer.name), `${layer.name.slice(0, 60)}: ${cause.message}`)
      this.#said.add(said)
      return null
    }
  }

  #graphInput(layer: KerasLayer, inputs: number): KerasTensor {
    const given = this.#options.inputShape
    const at = layer.className === 'InputLayer' && layer.inputShape ? '/config' : ''
    const own = layer.inputShape?.slice(1)
    if (given && inputs !== 1) throw new KerasFault('inputShape is for a model of one input, this one has several', at)
    if (given && own && (own.length !== given.length || own.some((size, i) => size !== null && size !== given[i])))
      throw new KerasFault(
        `inputShape is ${given.join('×')}, but the model takes ${own
          .slice(0, 8)
          .map((size) => size ?? 'any')
          .join('×')}`,
        at,
      )
    const sizes = given ?? own
    if (sizes === undefined)
      throw new KerasFault('the model does not say what it takes: build it before writing it, or give inputShape beside it', at)
    if (
      sizes.length < 1 ||
      sizes.length > 7 ||
      !sizes.every((size) => Number.isInteger(size) && (size as number) >= 1 && (size as number) < 2 ** 31)
    )
      throw new KerasFault(
        `the input is ${sizes
          .slice(0, 8)
          .map((size) => (size === null ? 'open' : String(size).slice(0, 20)))
          .join('×')}: give inputShape beside the model, such as [224, 224, 3] (as Keras has it, batch left out)`,
        at,
      )
    const shape = sizes as number[]
    const id = this.writer.fresh(layer.name)
    const isMap = shape.length >= 3 && this.writer.dataFormat === 'channels_last'
    const engine = isMap ? [shape.at(-1)!, ...shape.slice(0, -1)] : [...shape]
    this.writer.input(id, engine)
    return { ref: id, shape: [1, ...engine], layout: isMap ? 'channels-first' : 'as-is' }
  }

  /** Calls a model on tensors (null where something is wrong with one), `repeated` if that happens again. @returns its outputs. */
  #model(model: KerasModel, inputs: readonly (KerasTensor | null)[], prefix: string, repeated: boolean): (KerasTensor | null)[] {
    this.#spend(model.layers.length + model.outputs.length, model.path)
    const byName = new Map(model.layers.map((layer) => [layer.name, layer]))
    const made = new Map<KerasLayer, ((KerasTensor | null)[] | 'open' | undefined)[]>()
    model.inputs.forEach(({ layer }, i) => {
      const found = byName.get(layer)
      if (found) made.set(found, [[inputs[i] ?? null]])
    })
    for (const layer of model.layers) {
      if (made.has(layer)) continue
      made.set(layer, new Array(layer.calls.length).fill(undefined))
      if (layer.calls.length === 0)
        this.#fault(
          layer,
          layer.className === 'InputLayer'
            ? 'this input is not among the input_layers of its model'
            : 'nothing calls this layer: inbound_nodes is empty',
        )
    }
    const lookUp = (reference: KerasReference, path: string): KerasTensor | null => {
      const layer = byName.get(reference.layer)
      const tensors = layer ? made.get(layer)?.[reference.node] : undefined
      if (Array.isArray(tensors) && reference.tensor < tensors.length) return tensors[reference.tensor]!
      if (!layer || (Array.isArray(tensors) && tensors.length > 0) || reference.node >= (made.get(layer)?.length ?? 0)) {
        const what = layer
          ? `call ${reference.node}, output ${reference.tensor} of layer "${reference.layer.slice(0, 60)}" does not exist`
          : `there is no layer "${reference.layer.slice(0, 60)}"${this.#violations.hint(reference.layer, [...byName.keys()].slice(0, 1000))}`
        this.#violations.add(path, null, what)
      }
      return null
    }
    // Depth first from every call, inputs first; with a stack of its own, since models are deeper than the machine's.
    for (const start of model.layers)
      for (let first = 0; first < start.calls.length; first++) {
        const stack = [{ layer: start, node: first, next: 0 }]
        while (stack.length > 0) {
          const frame = stack.at(-1)!
          const state = made.get(frame.layer)!
          if (frame.next === 0 && state[frame.node] !== undefined) {
            stack.pop()
            continue
          }
          state[frame.node] = 'open'
          const wanted = frame.layer.calls[frame.node]!
          const reference = wanted[frame.next++]
          if (reference !== undefined) {
            const from = byName.get(reference.layer)
            if (from && reference.node < from.calls.length && made.get(from)![reference.node] !== undefined) {
              if (made.get(from)![reference.node] !== 'open') continue
              this.#fault(
                frame.layer,
                `the layers form a cycle through "${reference.layer.slice(0, 60)}": a layer can only read layers that do not need it`,
              )
              return model.outputs.map(() => null)
            }
            if (from && reference.node < from.calls.length) stack.push({ layer: from, node: reference.node, next: 0 })
            continue
          }
          const tensors = wanted.map((each) => lookUp(each, `${frame.layer.path}/inbound_nodes/${frame.node}`))
          state[frame.node] = this.#layer(frame.layer, frame.node, tensors, prefix, repeated || frame.layer.calls.length > 1)
          stack.pop()
        }
      }
    return model.outputs.map((reference) => lookUp(reference, `${model.path}/config/output_layers`))
  }

  /** Models that call models that call models come to more work than they are long: it is counted, and ends. */
  #spend(work: number, path: string): void {
    this.#work += work
    if (this.#work > 20 * this.#options.limits.maxLayers) throw tooMany(path, this.#options.limits.maxLayers)
  }

  #fault(layer: KerasLayer, message: string): void {
    this.#guarded(layer, () => {
      throw new KerasFault(message)
    })
  }

  /** One call of one layer. @returns its outputs; those behind a fault are unknown. */
  #layer(
    layer: KerasLayer,
    node: number,
    inputs: readonly (KerasTensor | null)[],
    prefix: string,
    shared: boolean,
  ): (KerasTensor | null)[] {
    this.#spend(1 + inputs.length, layer.path)
    if (layer.model) {
      if (inputs.length !== layer.model.inputs.length) {
        this.#fault(layer, `this model takes ${layer.model.inputs.length} inputs, but is called on ${inputs.length}`)
        return layer.model.outputs.map(() => null)
      }
      return this.#model(layer.model, inputs, `${prefix}${layer.name}/`, shared)
    }
    const entry = layerClasses.get(layer.className)
    // Reported once, for the whole model, before anything is called.
    if (!entry || inputs.some((tensor) => tensor === null)) return [null]
    const ids = this.#ids.get(layer)
    const first = ids?.first ?? this.writer.fresh(`${prefix}${layer.name}`)
    const calls = (ids?.calls ?? 0) + 1
    this.#ids.set(layer, { first, calls })
    const id = calls === 1 ? first : `${first}.call${calls}`
    return [this.#guarded(layer, () => entry(this.#call(layer, inputs as KerasTensor[], shared, id, first, layer.operands.get(node))))]
  }
}

/** Adds a violation for each layer of a class that is not known. */
export function checkClasses(model: KerasModel, violations: Violations): void {
  const known = [...layerClasses.keys()]
  const stack = [model]
  for (let next = stack.pop(); next; next = stack.pop())
    for (const { className, name, path, model: inner, config } of next.layers) {
      if (inner) stack.push(inner)
      else if (className !== 'InputLayer' && !layerClasses.has(className)) {
        const wraps =
          isRecord(config.layer) && typeof config.layer.class_name === 'string' ? `, around a ${config.layer.class_name.slice(0, 60)}` : ''
        violations.add(
          `${path}/class_name`,
          plainId(name),
          `${name.slice(0, 60)} has the class ${className.slice(0, 60)}${wraps}, which is not known here${violations.hint(className, known)}`,
        )
      }
    }
}
