import { encodeFunctionData, erc20Abi } from 'viem'
import type { Address, Hex } from '../domain/bytes.ts'
import type { ChannelClaim, ChannelConfig, ChannelState } from '../domain/channel.ts'
import { type Network, isLocalChain } from '../domain/network.ts'
import type { MicroUsd } from '../domain/price.ts'
import type { Chain, ClaimResult, ReceiverState } from '../ports/chain.ts'
import type { Signer } from '../ports/signer.ts'
import { batchSettlementAbi } from './abi/batch-settlement.ts'
import { chainFailure } from './chain-failure.ts'
import { claimVouchers } from './claim-vouchers.ts'
import { depositChannel } from './deposit-channel.ts'
import { checkLocal, giveDollars, giveGas } from './local-faucet.ts'
import { type Rpc, createRpc } from './rpc.ts'
import { type SendTransaction, createSender } from './send-transaction.ts'

const abi = batchSettlementAbi

/** A chain behind its JSON-RPC endpoint. */
class ViemChain implements Chain {
  readonly network: Network
  readonly #rpc: Rpc
  readonly #send: SendTransaction

  constructor(network: Network) {
    this.network = network
    this.#rpc = createRpc(network)
    this.#send = createSender(this.#rpc)
  }

  balance(owner: Address): Promise<MicroUsd> {
    const { token: address } = this.network
    return this.#attempt('balance', ({ client }) =>
      client.readContract({ address, abi: erc20Abi, functionName: 'balanceOf', args: [owner] }),
    )
  }

  gasBalance(owner: Address): Promise<bigint> {
    return this.#attempt('balance', ({ client }) => client.getBalance({ address: owner }))
  }

  channel(channelId: Hex): Promise<ChannelState> {
    const { settlement: address } = this.network
    const args = [channelId] as const
    return this.#attempt('channel', async ({ client }) => {
      const [[balance, totalClaimed], [amount, initiatedAtSeconds]] = await Promise.all([
        client.readContract({ address, abi, functionName: 'channels', args }),
        client.readContract({ address, abi, functionName: 'pendingWithdrawals', args }),
      ])
      const withdrawal = initiatedAtSeconds === 0 ? null : { amount, initiatedAtSeconds }
      return { balance, totalClaimed, withdrawal }
    })
  }

  receiver(receiver: Address): Promise<ReceiverState> {
    const { settlement: address, token } = this.network
    const args = [receiver, token] as const
    return this.#attempt('earnings', async ({ client }) => {
      const [totalClaimed, totalSettled] = await client.readContract({
        address,
        abi,
        functionName: 'receivers',
        args,
      })
      return { totalClaimed, totalSettled }
    })
  }

  deposit(config: ChannelConfig, amount: MicroUsd, payer: Signer): Promise<Hex> {
    return this.#pay('deposit', payer, (rpc) => depositChannel(config, amount, payer, rpc, this.#send))
  }

  claim(claims: ChannelClaim[], receiver: Signer): Promise<ClaimResult> {
    return this.#pay('claim', receiver, (rpc) => claimVouchers(claims, receiver, rpc, this.#send))
  }

  initiateWithdraw(config: ChannelConfig, amount: MicroUsd, payer: Signer): Promise<Hex> {
    const data = encodeFunctionData({ abi, functionName: 'initiateWithdraw', args: [config, amount] })
    return this.#withdraw(data, payer)
  }

  finalizeWithdraw(config: ChannelConfig, payer: Signer): Promise<Hex> {
    return this.#withdraw(
      encodeFunctionData({ abi, functionName: 'finalizeWithdraw', args: [config] }),
      payer,
    )
  }

  async faucet(owner: Address, amount: MicroUsd): Promise<void> {
    checkLocal(this.network)
    await this.#attempt('gift', async (rpc) => {
      await giveGas(owner, rpc)
      await giveDollars(owner, amount, rpc)
    })
  }

  #withdraw(data: Hex, payer: Signer): Promise<Hex> {
    const { settlement: to } = this.network
    return this.#pay('withdrawal', payer, async () => {
      const { transactionHash } = await this.#send(payer, { to, data })
      return transactionHash
    })
  }

  /** Like `#attempt`, with gas for the account where gas costs nothing. */
  #pay<result>(doing: string, payer: Signer, work: (rpc: Rpc) => Promise<result>): Promise<result> {
    return this.#attempt(doing, async (rpc) => {
      if (isLocalChain(this.network)) await giveGas(payer.address, rpc)
      return work(rpc)
    })
  }

  async #attempt<result>(doing: string, work: (rpc: Rpc) => Promise<result>): Promise<result> {
    try {
      await this.#rpc.checkNetwork()
      return await work(this.#rpc)
    } catch (error) {
      throw chainFailure(error, doing)
    }
  }
}

/** Returns the chain behind a network's JSON-RPC endpoint. Nothing is sent before its first use. */
export function createViemChain(network: Network): Chain {
  return new ViemChain(network)
}
