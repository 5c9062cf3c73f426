/**
 * Returns many texts of UTF-8, each between its start and its end; null where one is malformed. They are decoded all at
 * once: a decoder takes longer to be called than a word of a vocabulary to be read.
 */
export function readTexts(bytes: Uint8Array, starts: Float64Array, ends: Float64Array): string[] | null {
  const joined = new Uint8Array(ends.reduce((sum, end, index) => sum + end - starts[index]!, 0))
  /** Where each text ends in what is decoded. */
  const bounds = new Uint32Array(starts.length)
  let length = 0
  let units = 0
  for (let index = 0; index < starts.length; index++) {
    const end = ends[index]!
    // Were it no beginning, the text before might be cut off and still decoded.
    if (isContinued(bytes[starts[index]!]!) && starts[index]! < end) return null
    for (let at = starts[index]!; at < end; at++) {
      const byte = bytes[at]!
      joined[length++] = byte
      // Four bytes spell two units of UTF-16.
      if (!isContinued(byte)) units += byte < 0xf0 ? 1 : 2
    }
    bounds[index] = units
  }
  try {
    const text = strict.decode(joined)
    return Array.from(bounds, (bound, index) => text.slice(bounds[index - 1] ?? 0, bound))
  } catch {
    return null
  }
}

/** A byte order mark is a character like others. */
const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** Whether a byte goes on with a character that others began. */
function isContinued(byte: number): boolean {
  return byte >> 6 === 2
}
