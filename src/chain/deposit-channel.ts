import { encodeFunctionData, toHex } from 'viem'
import type { DepositAuthorization } from '../domain/authorization.ts'
import type { Address } from '../domain/bytes.ts'
import type { ChannelConfig } from '../domain/channel.ts'
import type { MicroUsd } from '../domain/price.ts'
import { ChainError } from '../errors/index.ts'
import type { Signer } from '../ports/signer.ts'
import { batchSettlementAbi } from './abi/batch-settlement.ts'
import { type DepositOrder, authorizationSeconds, signDeposit } from './authorize-deposit.ts'
import { signPermit2Deposit } from './authorize-permit2.ts'
import { hashChannel } from './hash-channel.ts'
import { hasAuthorizations, signMissingAllowance } from './permit2-allowance.ts'
import type { Rpc } from './rpc.ts'
import type { Call } from './send-transaction.ts'
import { checkBalance, readTime, readTokenDomain } from './token-reads.ts'

/** Signs a deposit that anybody may send: by EIP-3009 where the token has it, or else by Permit2. */
export async function authorizeDeposit(
  config: ChannelConfig,
  amount: MicroUsd,
  payer: Signer,
  rpc: Rpc,
): Promise<DepositAuthorization> {
  await checkBalance(config.payer, amount, rpc)
  const [token, nowSeconds, isDirect] = await Promise.all([
    readTokenDomain(rpc),
    readTime(rpc),
    hasAuthorizations(rpc),
  ])
  const collector = isDirect ? rpc.network.collector : permit2CollectorOf(rpc)
  const order: DepositOrder = {
    channelId: hashChannel(config, rpc.network),
    payer: config.payer,
    amount,
    collector,
    token,
    salt: BigInt(toHex(crypto.getRandomValues(new Uint8Array(32)))),
    validBefore: nowSeconds + BigInt(authorizationSeconds),
  }
  const collectorData = isDirect
    ? await signDeposit(payer, order)
    : await signPermit2Deposit(payer, order, await signMissingAllowance(payer, order, rpc))
  return { config, amount, collector, collectorData }
}

function permit2CollectorOf({ network }: Rpc): Address {
  if (network.permit2Collector) return network.permit2Collector
  throw new ChainError('chain/cannot-sign', `${network.name} has no way to deposit this token by signature.`)
}

/** Returns the call that brings a signed deposit to the contract. */
export function depositCall(deposit: DepositAuthorization, { network }: Rpc): Call {
  const { config, amount, collector, collectorData } = deposit
  return {
    to: network.settlement,
    data: encodeFunctionData({
      abi: batchSettlementAbi,
      functionName: 'deposit',
      args: [config, amount, collector, collectorData],
    }),
  }
}
