import { ProtobufWriter } from './protobuf-writer.ts'

/** Element types with their numbers in `TensorProto.DataType` and their sizes. */
export const elementTypes = {
  float: { number: 1, bytes: 4 },
  uint8: { number: 2, bytes: 1 },
  int8: { number: 3, bytes: 1 },
  int32: { number: 6, bytes: 4 },
  int64: { number: 7, bytes: 8 },
  float16: { number: 10, bytes: 2 },
} as const

/** What a tensor's elements are. */
export type ElementType = keyof typeof elementTypes

/** A fixed size, or the name of one that varies from run to run. */
export type Dim = number | string

/** A constant of an operator. */
export type Attribute = { int: number } | { float: number } | { ints: number[] }

/** One operator of a graph. `domain` is empty for ONNX's own. */
export type NodeSpec = {
  operator: string
  inputs: string[]
  outputs: string[]
  attributes: Record<string, Attribute>
  domain: string
}

/** Where an initializer's bytes lie: in the graph, or in the weights file. */
export type TensorBytes = { raw: Uint8Array } | { location: string; offset: number; length: number }

// Field numbers below are those of onnx.proto3, ONNX 1.16 (IR version 10).

/** Returns a `TensorProto`. */
export function encodeTensor(name: string, type: ElementType, dims: readonly number[], content: TensorBytes) {
  const tensor = new ProtobufWriter()
    .packedVarints(1, dims)
    .varint(2, elementTypes[type].number)
    .text(8, name)
  if ('raw' in content) return tensor.bytes(9, content.raw)
  for (const [key, value] of Object.entries(content)) {
    tensor.message(13, new ProtobufWriter().text(1, key).text(2, String(value)))
  }
  const external = 1
  return tensor.varint(14, external)
}

/** Returns a `ValueInfoProto`: an input, an output or what lies between with its shape. */
export function encodeValueInfo(name: string, type: ElementType, dims: readonly Dim[]) {
  const shape = new ProtobufWriter()
  for (const dim of dims) {
    const size = new ProtobufWriter()
    shape.message(1, typeof dim === 'string' ? size.text(2, dim) : size.varint(1, dim))
  }
  const tensorType = new ProtobufWriter().varint(1, elementTypes[type].number).message(2, shape)
  return new ProtobufWriter().text(1, name).message(2, new ProtobufWriter().message(1, tensorType))
}

/** Returns a `NodeProto`, named after its first output. */
export function encodeNode({ operator, inputs, outputs, attributes, domain }: NodeSpec) {
  const node = new ProtobufWriter()
  for (const input of inputs) node.text(1, input)
  for (const output of outputs) node.text(2, output)
  node.text(3, outputs.find((output) => output !== '') ?? '').text(4, operator)
  for (const [name, value] of Object.entries(attributes)) node.message(5, encodeAttribute(name, value))
  return domain ? node.text(7, domain) : node
}

function encodeAttribute(name: string, value: Attribute) {
  const attribute = new ProtobufWriter().text(1, name)
  if ('int' in value) return attribute.varint(3, value.int).varint(20, 2)
  if ('float' in value) return attribute.float(2, value.float).varint(20, 1)
  return attribute.packedVarints(8, value.ints).varint(20, 7)
}

/** The parts of a `GraphProto`, encoded. */
export type GraphParts = Record<
  'nodes' | 'initializers' | 'inputs' | 'outputs' | 'values',
  readonly ProtobufWriter[]
>

/** Returns the bytes of a `ModelProto` for ONNX operators 18 and the runtime's own. */
export function encodeModel(parts: GraphParts): Uint8Array<ArrayBuffer> {
  const { nodes, initializers, inputs, outputs, values } = parts
  const graph = new ProtobufWriter()
  for (const node of nodes) graph.message(1, node)
  graph.text(2, 'opentab')
  for (const initializer of initializers) graph.message(5, initializer)
  for (const input of inputs) graph.message(11, input)
  for (const output of outputs) graph.message(12, output)
  for (const value of values) graph.message(13, value)
  const operators = new ProtobufWriter().text(1, '').varint(2, 18)
  const contributed = new ProtobufWriter().text(1, 'com.microsoft').varint(2, 1)
  const model = new ProtobufWriter().varint(1, 10).text(2, 'opentab')
  return model.message(7, graph).message(8, operators).message(8, contributed).finish()
}
