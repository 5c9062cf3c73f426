import { toHex } from 'viem'
import { createMemoryAccount } from '../../src/chain/key-signer.ts'
import type { Address, Hex } from '../../src/domain/bytes.ts'
import type { ChannelClaim, ChannelConfig } from '../../src/domain/channel.ts'
import { channelIdOf } from '../../src/ledger/channel-id.ts'
import { signVoucher } from '../../src/ledger/sign-voucher.ts'
import type { Chain } from '../../src/ports/chain.ts'
import type { ModelRegistry } from '../../src/ports/model-registry.ts'
import type { Signer } from '../../src/ports/signer.ts'

/** A chain and what a case needs around it. */
export type ChainSubject = {
  /** A local chain with the contracts on it. */
  chain: Chain & ModelRegistry
  /** A chain that calls itself by another id. */
  foreign: Chain
  /** Lets time pass on the chain. */
  advance(seconds: number): Promise<void>
}

/** Shortest delay of a withdrawal that the contract takes, in seconds. */
export const withdrawDelay = 900
let channels = 0

/** Returns a salt that no channel has yet. */
export function nextSalt(): Hex {
  return toHex(++channels, { size: 32 })
}

/** A payer with `funds`, a session key, a receiver, and terms between them; `to` is paid in the receiver's name. */
export async function open({ chain }: ChainSubject, funds = 1_000n, to?: Address, salt = nextSalt()) {
  const [payer, session, receiver] = [createMemoryAccount(), createMemoryAccount(), createMemoryAccount()]
  await chain.faucet(payer.address, funds)
  const config: ChannelConfig = {
    payer: payer.address,
    payerAuthorizer: session.address,
    receiver: to ?? receiver.address,
    receiverAuthorizer: receiver.address,
    token: chain.network.token,
    withdrawDelay,
    salt,
  }
  const channelId = channelIdOf(config, chain.network)
  const claimOf = async (amount: bigint, by: Signer = session): Promise<ChannelClaim> => ({
    config,
    voucher: await signVoucher(channelId, amount, chain.network, by),
    totalClaimed: amount,
  })
  return { chain, payer, session, receiver, config, channelId, claimOf }
}

/** The same with money in the channel. */
export async function openFunded(subject: ChainSubject, amount = 500n, funds?: bigint, to?: Address) {
  const channel = await open(subject, funds, to)
  await subject.chain.deposit(channel.config, amount, channel.payer)
  return channel
}

/** Whether it looks like a transaction's hash. */
export function isTransaction(transaction: Hex | null): boolean {
  return transaction !== null && /^0x[0-9a-f]{64}$/.test(transaction)
}

/** Returns what each account holds of the token. */
export async function balancesOf(chain: Chain, ...owners: Signer[]): Promise<bigint[]> {
  return Promise.all(owners.map(({ address }) => chain.balance(address)))
}
