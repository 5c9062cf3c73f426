import type { GraphBuilder, Value } from './graph-builder.ts'
import type { MatrixRows } from './matrix-rows.ts'

/** A matrix declared in a graph: the tensors that hold it, as its kind of product wants them. */
export type Matrix = {
  tensors: Value[]
  inputs: number
  outputs: number
  /** Numbers without meaning that a product has behind its outputs. */
  spare?: number
}

/** One way to keep matrices and to multiply by them. */
export type Products = {
  declare(graph: GraphBuilder, name: string, rows: MatrixRows): Matrix
  /** `[batch, tokens, inputs]` to `[batch, tokens, outputs + spare]`. */
  multiply(graph: GraphBuilder, input: Value, matrix: Matrix): Value
  /** Looks up one row of the matrix for each token: `[batch, tokens]` to `[batch, tokens, inputs]`. */
  lookUp(graph: GraphBuilder, tokenIds: Value, matrix: Matrix): Value
}

/** Multiplies, and returns the outputs in parts of those sizes. */
export function multiplyInParts<const sizes extends readonly number[]>(
  products: Products,
  graph: GraphBuilder,
  input: Value,
  matrix: Matrix,
  sizes: sizes,
): { [part in keyof sizes]: Value } {
  const product = products.multiply(graph, input, matrix)
  const { spare = 0 } = matrix
  const all = spare > 0 ? [...sizes, spare] : sizes
  const parts = all.length > 1 ? graph.split(product, all) : [product]
  return parts.slice(0, sizes.length) as { [part in keyof sizes]: Value }
}
