import type { TensorSource } from '../gguf/tensor-source.ts'
import {
  type Attribute,
  type Dim,
  type ElementType,
  elementTypes,
  encodeModel,
  encodeNode,
  encodeTensor,
  encodeValueInfo,
} from './onnx-encoding.ts'
import type { ProtobufWriter } from './protobuf-writer.ts'

/** Name of a tensor inside the graph. */
export type Value = string

/** A tensor that lies in the weights file. */
export type WeightSpec = { name: string; type: ElementType; dims: number[] }

/** Weights that are computed together, and where each goes in the weights file. */
export type WeightGroup = {
  parts: { offset: number; bytes: number }[]
  /** Reads what they are made of from the model's tensors. */
  read: (tensors: TensorSource) => Promise<WriteWeights>
}

/** Computes each part of a group into its place; the places are aligned. */
export type WriteWeights = (...places: Uint8Array<ArrayBuffer>[]) => void

/** A graph whose weights lie in a file of their own, to be computed group by group. */
export type BuiltGraph = { model: Uint8Array<ArrayBuffer>; weights: WeightGroup[]; weightBytes: number }

/** Name by which a graph refers to its weights file unless it is given another. */
export const weightsFile = 'weights.bin'
const weightAlignment = 64
const contributed = 'com.microsoft'

/** Returns the numbers that lie in a place for weights. */
export function floatsIn({ buffer, byteOffset, byteLength }: Uint8Array<ArrayBuffer>): Float32Array {
  return new Float32Array(buffer, byteOffset, byteLength / Float32Array.BYTES_PER_ELEMENT)
}

/** Collects operators and weights, and writes them down as an ONNX model. */
export class GraphBuilder {
  readonly #weightsPath: string
  readonly #nodes: ProtobufWriter[] = []
  readonly #initializers: ProtobufWriter[] = []
  readonly #inputs: ProtobufWriter[] = []
  readonly #outputs: ProtobufWriter[] = []
  readonly #values: ProtobufWriter[] = []
  readonly #weights: WeightGroup[] = []
  readonly #constants = new Map<string, Value>()
  #weightBytes = 0
  #names = 0

  /** The path of the weights file is as seen from the graph's. */
  constructor(weightsPath: string = weightsFile) {
    this.#weightsPath = weightsPath
  }

  /** Declares an input of the graph. */
  input(name: string, type: ElementType, dims: Dim[]): Value {
    this.#inputs.push(encodeValueInfo(name, type, dims))
    return name
  }

  /** Declares a value of that name as a result of the graph. */
  output(name: string, type: ElementType, dims: Dim[]): void {
    this.#outputs.push(encodeValueInfo(name, type, dims))
  }

  /** Adds an ONNX operator with one result, named by itself unless `name` says otherwise. */
  apply(operator: string, inputs: Value[], attributes: Record<string, Attribute> = {}, name?: Value): Value {
    const output = name ?? this.nextName(operator)
    this.#add(operator, inputs, [output], attributes, '')
    return output
  }

  /** Adds an ONNX operator with several results, of those names. */
  applyMany<outputs extends Value[]>(
    operator: string,
    inputs: Value[],
    outputs: outputs,
    attributes: Record<string, Attribute> = {},
  ): outputs {
    this.#add(operator, inputs, outputs, attributes, '')
    return outputs
  }

  /** Adds an operator of the runtime's own. Results that are not wanted have the name ''. */
  applyContributed(
    operator: string,
    inputs: Value[],
    attributes: Record<string, Attribute>,
    outputs: Value[] = [this.nextName(operator)],
  ): Value {
    this.#add(operator, inputs, outputs, attributes, contributed)
    return outputs[0]!
  }

  /** Returns a value's own shape with sizes after it, to reshape another value by. */
  extendShape(input: Value, sizes: number[]): Value {
    return this.apply('Concat', [this.apply('Shape', [input]), this.int64s(sizes)], { axis: { int: 0 } })
  }

  /**
   * Tells the runtime the shape of a value between operators, where it cannot infer it, and returns the value. Values of the
   * same shape take each other's room; for one of an unknown shape the runtime searches all room that there is, while it loads.
   * Sizes of one name must be the same in each run.
   */
  describe(value: Value, dims: Dim[], type: ElementType = 'float'): Value {
    this.#values.push(encodeValueInfo(value, type, dims))
    return value
  }

  /** Splits the last axis into parts of the given sizes. */
  split(input: Value, sizes: number[]): Value[] {
    const parts = sizes.map(() => this.nextName('Split'))
    return this.applyMany('Split', [input, this.int64s(sizes)], parts, { axis: { int: -1 } })
  }

  /** Returns a name that no other value of the graph has. */
  nextName(stem: string): Value {
    return `${stem}.${this.#names++}`
  }

  /** Returns a constant; equal ones are one. The same holds for `float` and `uint8`. */
  int64s(values: number[]): Value {
    const raw = new Uint8Array(BigInt64Array.from(values, BigInt).buffer)
    return this.#constant('int64', [values.length], raw, `int64 ${values}`)
  }

  float(value: number): Value {
    return this.#constant('float', [], new Uint8Array(Float32Array.of(value).buffer), `float ${value}`)
  }

  uint8(value: number): Value {
    return this.#constant('uint8', [], Uint8Array.of(value), `uint8 ${value}`)
  }

  /** Declares weights that are computed later; returns their values in the same order. */
  weights(specs: WeightSpec[], read: WeightGroup['read']): Value[] {
    const parts = specs.map(({ name, type, dims }) => {
      const bytes = dims.reduce((product, size) => product * size, elementTypes[type].bytes)
      const offset = Math.ceil(this.#weightBytes / weightAlignment) * weightAlignment
      const place = { location: this.#weightsPath, offset, length: bytes }
      this.#initializers.push(encodeTensor(name, type, dims, place))
      this.#weightBytes = offset + bytes
      return { offset, bytes }
    })
    this.#weights.push({ parts, read })
    return specs.map(({ name }) => name)
  }

  /** Writes the graph down. */
  build(): BuiltGraph {
    const model = encodeModel({
      nodes: this.#nodes,
      initializers: this.#initializers,
      inputs: this.#inputs,
      outputs: this.#outputs,
      values: this.#values,
    })
    return { model, weights: this.#weights, weightBytes: this.#weightBytes }
  }

  #add(
    operator: string,
    inputs: Value[],
    outputs: Value[],
    attributes: Record<string, Attribute>,
    domain: string,
  ) {
    this.#nodes.push(encodeNode({ operator, inputs, outputs, attributes, domain }))
  }

  #constant(type: ElementType, dims: number[], raw: Uint8Array, key: string): Value {
    const known = this.#constants.get(key)
    if (known) return known
    const name = this.nextName('constant')
    this.#initializers.push(encodeTensor(name, type, dims, { raw }))
    this.#constants.set(key, name)
    return name
  }
}
