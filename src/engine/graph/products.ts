import type { GraphBuilder, Value } from './graph-builder.ts'
import type { MatrixRows } from './matrix-rows.ts'

/** A matrix declared in a graph: the tensors that hold it, as its kind of product wants them. */
export type Matrix = { tensors: Value[]; inputs: number; outputs: number }

/** One way to keep matrices and to multiply by them. */
export type Products = {
  declare(graph: GraphBuilder, name: string, rows: MatrixRows): Matrix
  /** `[batch, tokens, inputs]` to `[batch, tokens, outputs]`. */
  multiply(graph: GraphBuilder, input: Value, matrix: Matrix): Value
  /** Looks up one row of the matrix for each token: `[batch, tokens]` to `[batch, tokens, inputs]`. */
  lookUp(graph: GraphBuilder, tokenIds: Value, matrix: Matrix): Value
}
