import type { Address } from '../domain/bytes.ts'

/** Where the x402 contracts are on public chains. The local chain has them there too, for any x402 client. */
export const x402Addresses = {
  settlement: '0x4020074e9dF2ce1deE5A9C1b5c3f541D02a10003',
  collector: '0x4020806089470a89826cB9fB1f4059150b550004',
  permit2Collector: '0x4020425FAf3B746C082C2f942b4E5159887B0005',
} as const satisfies Record<string, Address>
