/**
 * Returns the text of a few UTF-8 bytes whose characters are all below U+0800, as a vocabulary's mostly are; null for any
 * others. A decoder takes longer to be called than such a text to be read.
 */
export function readShortText(bytes: Uint8Array, from: number, to: number): string | null {
  let text = ''
  for (let at = from; at < to; at++) {
    const lead = bytes[at]!
    if (lead < 0x80) {
      text += String.fromCharCode(lead)
      continue
    }
    const next = ++at < to ? bytes[at]! : 0
    // Below 0xc2 a lead byte would spell a character that one byte spells.
    if (lead < 0xc2 || lead > 0xdf || next >> 6 !== 2) return null
    text += String.fromCharCode(((lead & 0x1f) << 6) | (next & 0x3f))
  }
  return text
}
