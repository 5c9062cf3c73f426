/** How far the square of a unit vector's length may lie from 1, its numbers being of single precision. */
const unitTolerance = 1e-4

/** Cosine to an embedding of the same text by other arithmetic; other texts of the embedded model stay below 0.98. */
const sameTextCosine = 0.985

/** Returns the cosine of the angle between two embeddings: 1 for the same direction. */
export function cosine(one: Float32Array, other: Float32Array): number {
  return one.reduce((sum, value, at) => sum + value * other[at]!, 0)
}

/** Whether a vector is of unit length, all its numbers finite. */
export function isUnit(vector: Float32Array): boolean {
  return Math.abs(cosine(vector, vector) - 1) <= unitTolerance
}

/** Whether two embeddings are equal bit by bit, where `exact`, or near enough to be of the same text. */
export function isSameEmbedding(claimed: Float32Array, own: Float32Array, exact: boolean): boolean {
  if (claimed.length !== own.length) return false
  return exact ? own.every((value, at) => value === claimed[at]) : cosine(claimed, own) >= sameTextCosine
}
