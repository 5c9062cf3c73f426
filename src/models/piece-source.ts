/** Bytes of a file from `start` up to, not including, `end`. */
export type ByteRange = {
  start: number
  end: number
  /** What the whole file should have: a longer one is another file. */
  fileBytes: number
}

/**
 * Streams a range of the file at an address, in chunks of any size. It may end early.
 *
 * @throws StorageError `storage/source-failed` when the address cannot be read, `storage/hash-mismatch` once it shows
 * that the file has another length
 */
export type PieceSource = (
  address: string,
  range: ByteRange,
  signal?: AbortSignal,
) => AsyncIterable<Uint8Array>
