import { getAddress } from 'viem'
import type { Address } from '../domain/bytes.ts'
import { LedgerError } from '../errors/index.ts'

const form = /^0x[0-9a-fA-F]{40}$/

/**
 * Returns an address that somebody typed, checksummed.
 * @throws LedgerError `ledger/bad-address` for another form, a wrong EIP-55 checksum, or the zero address
 */
export function parseAddress(text: string): Address {
  const trimmed = text.trim()
  if (!form.test(trimmed)) throw badAddress('This is not an address: 0x and 40 digits.')
  const checksummed = getAddress(trimmed.toLowerCase())
  const digits = trimmed.slice(2)
  const isMixed = digits !== digits.toLowerCase() && digits !== digits.toUpperCase()
  if (isMixed && trimmed !== checksummed) throw badAddress('The address has a mistyped letter or digit.')
  if (/^0x0{40}$/.test(trimmed)) throw badAddress('Money sent to the zero address is lost.')
  return checksummed
}

function badAddress(shortMessage: string): LedgerError {
  return new LedgerError('ledger/bad-address', shortMessage)
}
