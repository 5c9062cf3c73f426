/** Bytes in lower-case hexadecimal with `0x` before them, as the EVM tooling writes them. */
export type Hex = `0x${string}`

/** A 20-byte EVM address, checksummed (EIP-55) or lower case. */
export type Address = `0x${string}`

/** A libp2p peer id in its base58btc text form. */
export type PeerId = string

/** Whether two addresses are one, whatever their checksum case. */
export function sameAddress(a: Address, b: Address): boolean {
  return a.toLowerCase() === b.toLowerCase()
}

/** Returns bytes as lower-case hexadecimal. */
export function toHex(bytes: Uint8Array): Hex {
  return `0x${Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')}`
}

/** Returns the bytes of lower- or upper-case hexadecimal; what is not a digit pair counts as zero. */
export function fromHex(hex: Hex): Uint8Array<ArrayBuffer> {
  return Uint8Array.from({ length: (hex.length - 2) / 2 }, (_, index) =>
    Number.parseInt(hex.slice(2 + index * 2, 4 + index * 2), 16),
  )
}
