import { encodeFunctionData, toHex } from 'viem'
import type { DepositAuthorization } from '../domain/authorization.ts'
import type { ChannelConfig } from '../domain/channel.ts'
import type { MicroUsd } from '../domain/price.ts'
import type { Signer } from '../ports/signer.ts'
import { batchSettlementAbi } from './abi/batch-settlement.ts'
import { authorizationSeconds, signDeposit } from './authorize-deposit.ts'
import { hashChannel } from './hash-channel.ts'
import type { Rpc } from './rpc.ts'
import type { Call } from './send-transaction.ts'
import { checkBalance, readTime, readTokenDomain } from './token-reads.ts'

/** Signs a deposit that anybody may send. */
export async function authorizeDeposit(
  config: ChannelConfig,
  amount: MicroUsd,
  payer: Signer,
  rpc: Rpc,
): Promise<DepositAuthorization> {
  const { collector } = rpc.network
  await checkBalance(config.payer, amount, rpc)
  const [token, nowSeconds] = await Promise.all([readTokenDomain(rpc), readTime(rpc)])
  const collectorData = await signDeposit(payer, {
    channelId: hashChannel(config, rpc.network),
    payer: config.payer,
    amount,
    collector,
    token,
    salt: BigInt(toHex(crypto.getRandomValues(new Uint8Array(32)))),
    validBefore: nowSeconds + BigInt(authorizationSeconds),
  })
  return { config, amount, collector, collectorData }
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
