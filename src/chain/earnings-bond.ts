import { encodeFunctionData, parseEventLogs } from 'viem'
import type { BondAccount } from '../domain/bond.ts'
import type { Address, Hex } from '../domain/bytes.ts'
import type { ChannelConfig } from '../domain/channel.ts'
import type { MicroUsd } from '../domain/price.ts'
import { ChainError } from '../errors/index.ts'
import type { Signer } from '../ports/signer.ts'
import { longestHoldSeconds } from './bond-terms.ts'
import { earningsBondAbi } from './abi/earnings-bond.ts'
import type { Rpc } from './rpc.ts'
import type { Call, SendTransaction } from './send-transaction.ts'

const abi = earningsBondAbi

/** Returns the call that credits channels and then pays accounts what is free. Anybody may make it. */
export function bondCall(bond: Address, configs: ChannelConfig[], accounts: Address[]): Call {
  const owners = [...new Set(accounts.map((account) => account.toLowerCase() as Address))]
  const calls = [
    ...configs.map((config) => encodeFunctionData({ abi, functionName: 'credit', args: [config] })),
    ...owners.map((owner) => encodeFunctionData({ abi, functionName: 'withdraw', args: [owner] })),
  ]
  return { to: bond, data: encodeFunctionData({ abi, functionName: 'multicall', args: [calls] }) }
}

/** Returns a provider's account in the bond as it is now. */
export async function readBond(provider: Address, { client, network }: Rpc): Promise<BondAccount | null> {
  const { bond: address } = network
  if (!address) return null
  const args = [provider] as const
  const [
    [freeMicroUsd, heldMicroUsd, lockedMicroUsd, convictions],
    [amounts, times],
    targetMicroUsd,
    periodSeconds,
  ] = await Promise.all([
    client.readContract({ address, abi, functionName: 'getAccount', args }),
    client.readContract({ address, abi, functionName: 'getBond', args }),
    client.readContract({ address, abi, functionName: 'target' }),
    client.readContract({ address, abi, functionName: 'periodSeconds' }),
  ])
  const held = amounts
    .map((amountMicroUsd, index) => ({ amountMicroUsd, releaseAtSeconds: times[index] ?? 0 }))
    .filter(({ amountMicroUsd }) => amountMicroUsd > 0n)
  const holdSeconds = longestHoldSeconds(periodSeconds)
  return { freeMicroUsd, heldMicroUsd, lockedMicroUsd, held, targetMicroUsd, holdSeconds, convictions }
}

/** Returns what of an account can be paid out now; nothing on a network without a bond. */
export async function readFree(account: Address, { client, network }: Rpc): Promise<MicroUsd> {
  const { bond: address } = network
  if (!address) return 0n
  const args = [account] as const
  const [free] = await client.readContract({ address, abi, functionName: 'getAccount', args })
  return free
}

/** Credits what channels brought and pays an account what is free. */
export async function withdrawBond(
  configs: ChannelConfig[],
  account: Address,
  sender: Signer,
  { network }: Rpc,
  send: SendTransaction,
): Promise<{ transaction: Hex; paidMicroUsd: MicroUsd }> {
  if (!network.bond) throw new ChainError('chain/no-bond', 'This network has no earnings bond.')
  const { logs, transactionHash } = await send(sender, bondCall(network.bond, configs, [account]))
  const paid = parseEventLogs({ abi, eventName: 'Withdrawn', logs })
  const paidMicroUsd = paid.reduce((sum, { args }) => sum + args.amount, 0n)
  return { transaction: transactionHash, paidMicroUsd }
}
