/** A file that can be read in part: a `Blob`, or something like one. */
export type ReadableFile = {
  readonly size: number
  /** Returns the bytes from `from` up to, not including, `to`, or up to the end. */
  slice(from: number, to: number): { arrayBuffer(): Promise<ArrayBuffer> }
}
