import { encodeFunctionData, erc20Abi } from 'viem'
import type { Hex } from '../domain/bytes.ts'
import type { ChannelState } from '../domain/channel.ts'
import { type Network, isLocalChain } from '../domain/network.ts'
import type { Chain } from '../ports/chain.ts'
import type { Signer } from '../ports/signer.ts'
import { batchSettlementAbi } from './abi/batch-settlement.ts'
import { chainFailure } from './chain-failure.ts'
import { claimVouchers } from './claim-vouchers.ts'
import { depositChannel } from './deposit-channel.ts'
import { checkLocal, giveDollars, giveGas } from './local-faucet.ts'
import { createRpc } from './rpc.ts'
import { createSender } from './send-transaction.ts'

/** Returns the chain behind a network's JSON-RPC endpoint. */
export function createViemChain(network: Network): Chain {
  const rpc = createRpc(network)
  const { client } = rpc
  const send = createSender(rpc)
  const contract = { address: network.settlement, abi: batchSettlementAbi } as const

  async function attempt<result>(doing: string, work: () => Promise<result>): Promise<result> {
    try {
      await rpc.checkNetwork()
      return await work()
    } catch (error) {
      throw chainFailure(error, doing)
    }
  }

  /** Like `attempt`, with gas for the account where gas costs nothing. */
  function pay<result>(doing: string, payer: Signer, work: () => Promise<result>): Promise<result> {
    return attempt(doing, async () => {
      if (isLocalChain(network)) await giveGas(payer.address, rpc)
      return work()
    })
  }

  async function submit(signer: Signer, data: Hex): Promise<Hex> {
    return (await send(signer, { to: network.settlement, data })).transactionHash
  }

  async function readChannel(channelId: Hex): Promise<ChannelState> {
    const [[balance, totalClaimed], [amount, initiatedAtSeconds]] = await Promise.all([
      client.readContract({ ...contract, functionName: 'channels', args: [channelId] }),
      client.readContract({ ...contract, functionName: 'pendingWithdrawals', args: [channelId] }),
    ])
    const withdrawal = initiatedAtSeconds === 0 ? null : { amount, initiatedAtSeconds }
    return { balance, totalClaimed, withdrawal }
  }

  return {
    network,
    balance: (owner) =>
      attempt('balance', () =>
        client.readContract({
          address: network.token,
          abi: erc20Abi,
          functionName: 'balanceOf',
          args: [owner],
        }),
      ),
    gasBalance: (owner) => attempt('balance', () => client.getBalance({ address: owner })),
    channel: (channelId) => attempt('channel', () => readChannel(channelId)),
    receiver: (receiver) =>
      attempt('earnings', async () => {
        const args = [receiver, network.token] as const
        const [totalClaimed, totalSettled] = await client.readContract({
          ...contract,
          functionName: 'receivers',
          args,
        })
        return { totalClaimed, totalSettled }
      }),
    deposit: (config, amount, payer) =>
      pay('deposit', payer, () => depositChannel(config, amount, payer, rpc, send)),
    claim: (claims, receiver) => pay('claim', receiver, () => claimVouchers(claims, receiver, rpc, send)),
    initiateWithdraw: (config, amount, payer) =>
      pay('withdrawal', payer, () =>
        submit(
          payer,
          encodeFunctionData({
            ...contract,
            functionName: 'initiateWithdraw',
            args: [config, amount],
          }),
        ),
      ),
    finalizeWithdraw: (config, payer) =>
      pay('withdrawal', payer, () =>
        submit(payer, encodeFunctionData({ ...contract, functionName: 'finalizeWithdraw', args: [config] })),
      ),
    async faucet(owner, amount) {
      checkLocal(network)
      await attempt('gift', async () => {
        await giveGas(owner, rpc)
        await giveDollars(owner, amount, rpc)
      })
    },
  }
}
