import { encodeFunctionData } from 'viem'
import type {
  AuthorizationState,
  ClaimAuthorization,
  DepositAuthorization,
  SpendAuthorization,
  SponsoredAction,
  TransferAuthorization,
} from '../domain/authorization.ts'
import type { BondAccount } from '../domain/bond.ts'
import type { Address, Hex } from '../domain/bytes.ts'
import type { ChannelClaim, ChannelConfig, ChannelState } from '../domain/channel.ts'
import type { ModelId, ModelListing, ModelRegistration } from '../domain/model.ts'
import { type Network, isLocalChain } from '../domain/network.ts'
import type { MicroUsd } from '../domain/price.ts'
import type { Admit, Chain, ClaimResult, ClaimSeen, ReceiverState, RefundOptions } from '../ports/chain.ts'
import type { ListingMade, ModelRegistry } from '../ports/model-registry.ts'
import type { Signer } from '../ports/signer.ts'
import { batchSettlementAbi } from './abi/batch-settlement.ts'
import { readAuthorization } from './authorization-state.ts'
import { signClaims } from './authorize-claim.ts'
import { authorizationSeconds } from './authorize-deposit.ts'
import { signTransfer } from './authorize-transfer.ts'
import { chainFailure } from './chain-failure.ts'
import { claimVouchers, settledIn } from './claim-vouchers.ts'
import { authorizeDeposit, depositCall } from './deposit-channel.ts'
import { readBond, withdrawBond } from './earnings-bond.ts'
import { gasCost } from './gas-cost.ts'
import { maxGasOf } from './gas-table.ts'
import { checkLocal, giveDollars, giveGas } from './local-faucet.ts'
import { listingIdOf, readListing, readListings, registerCall, registrationCost } from './model-registry.ts'
import { allowanceCall } from './permit2-allowance.ts'
import { readClaims } from './read-claims.ts'
import { refundCall, refundedIn } from './refund-channel.ts'
import { type ChainOptions, type Rpc, createRpc } from './rpc.ts'
import { type Call, type SponsoredCall, type SendTransaction, createSender } from './send-transaction.ts'
import { siftClaims } from './sift-claims.ts'
import { signedClaimCall } from './submit-claim.ts'
import { transfersCall } from './submit-transfers.ts'
import { readBalance, readTime, readTokenDomain } from './token-reads.ts'
import { tryCall } from './try-call.ts'

const abi = batchSettlementAbi

/** A chain and its registry of models, behind its JSON-RPC endpoint: what an account sends goes out one by one. */
class ViemChain implements Chain, ModelRegistry {
  readonly network: Network
  readonly #rpc: Rpc
  readonly #send: SendTransaction

  constructor(network: Network, options?: ChainOptions) {
    this.network = network
    this.#rpc = createRpc(network, options)
    this.#send = createSender(this.#rpc)
  }

  balance(owner: Address): Promise<MicroUsd> {
    return this.#attempt('balance', (rpc) => readBalance(owner, rpc))
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

  claimsOn(channelId: Hex, sinceSeconds: number): Promise<ClaimSeen[]> {
    return this.#attempt('list of claims', (rpc) => readClaims(channelId, sinceSeconds, rpc))
  }

  refunds(channelId: Hex): Promise<bigint> {
    const { settlement: address } = this.network
    const args = [channelId] as const
    return this.#attempt('channel', ({ client }) =>
      client.readContract({ address, abi, functionName: 'refundNonce', args }),
    )
  }

  bond(provider: Address): Promise<BondAccount | null> {
    return this.#attempt('bond', (rpc) => readBond(provider, rpc))
  }

  gasCost(action: SponsoredAction, channels = 1): Promise<bigint> {
    return this.#attempt('price of gas', (rpc) => gasCost(action, channels, rpc))
  }

  listings(skip: number, most: number): Promise<ModelListing[]> {
    return this.#attempt('list of models', (rpc) => readListings(skip, most, rpc))
  }

  listing(modelId: ModelId, publisher: Address): Promise<ModelListing | null> {
    return this.#attempt('listing', (rpc) => readListing(modelId, publisher, rpc))
  }

  registerModel(registration: ModelRegistration, publisher: Signer): Promise<ListingMade> {
    return this.#pay('registration', publisher, async ({ network }) => {
      const transaction = await this.#give(publisher, registerCall(registration, network))
      return { transaction, listingId: listingIdOf(registration.modelId, publisher.address) }
    })
  }

  registrationCost(registration: ModelRegistration, publisher: Address): Promise<bigint> {
    return this.#attempt('registration', (rpc) => registrationCost(registration, publisher, rpc))
  }

  async deposit(config: ChannelConfig, amount: MicroUsd, payer: Signer): Promise<Hex> {
    await this.#pay('deposit', payer, async (rpc) => {
      const allow = await allowanceCall(payer.address, amount, rpc)
      if (allow) await this.#send(payer, allow)
    })
    return this.submitDeposit(await this.authorizeDeposit(config, amount, payer), payer)
  }

  authorizeDeposit(config: ChannelConfig, amount: MicroUsd, payer: Signer): Promise<DepositAuthorization> {
    return this.#attempt('deposit', (rpc) => authorizeDeposit(config, amount, payer, rpc))
  }

  async submitDeposit(deposit: DepositAuthorization, sender: Signer, admit?: Admit): Promise<Hex> {
    const call = { ...depositCall(deposit, this.#rpc), maxGas: maxGasOf('deposit', this.network) }
    await this.#admit('deposit', call, sender, admit)
    return this.#pay('deposit', sender, () => this.#give(sender, call))
  }

  authorizationState(signed: SpendAuthorization): Promise<AuthorizationState> {
    return this.#attempt('state of a signature', (rpc) => readAuthorization(signed, rpc))
  }

  claim(claims: ChannelClaim[], receiver: Signer): Promise<ClaimResult> {
    return this.#pay('claim', receiver, (rpc) => claimVouchers(claims, receiver, rpc, this.#send))
  }

  authorizeClaim(claims: ChannelClaim[], receiverAuthorizer: Signer): Promise<ClaimAuthorization> {
    return this.#attempt('claim', async (rpc) => {
      const { slices } = await siftClaims(claims, receiverAuthorizer.address, rpc)
      return signClaims(slices[0] ?? [], this.network, receiverAuthorizer)
    })
  }

  async submitClaim(
    claim: ClaimAuthorization,
    fee: TransferAuthorization | null,
    sender: Signer,
    admit?: Admit,
  ): Promise<ClaimResult> {
    const call = await this.#attempt('claim', (rpc) => signedClaimCall(claim, fee, sender, rpc))
    if (call === null) return { transaction: null, settledMicroUsd: 0n, skipped: [] }
    await admit?.()
    return this.#pay('claim', sender, async () => {
      const { transactionHash, logs } = await this.#send(sender, call)
      return { transaction: transactionHash, settledMicroUsd: settledIn(logs), skipped: [] }
    })
  }

  authorizeTransfer(
    to: Address,
    amount: MicroUsd,
    owner: Signer,
    inPlaceOf?: TransferAuthorization,
  ): Promise<TransferAuthorization> {
    return this.#attempt('transfer', async (rpc) => {
      const [token, nowSeconds] = await Promise.all([readTokenDomain(rpc), readTime(rpc)])
      const validBeforeSeconds = Number(nowSeconds) + authorizationSeconds
      const order = { to, amount, validBeforeSeconds, ...(inPlaceOf && { nonce: inPlaceOf.nonce }) }
      return signTransfer(order, token, owner)
    })
  }

  async submitTransfers(transfers: TransferAuthorization[], sender: Signer, admit?: Admit): Promise<Hex> {
    const call = await this.#attempt('transfer', (rpc) => transfersCall(transfers, sender, rpc))
    await admit?.()
    return this.#pay('transfer', sender, () => this.#give(sender, call))
  }

  async refund(
    config: ChannelConfig,
    claim: ChannelClaim | null,
    receiver: Signer,
    { number, admit }: RefundOptions = {},
  ): Promise<{ transaction: Hex; refundedMicroUsd: MicroUsd }> {
    const call = await this.#attempt('refund', ({ network }) =>
      refundCall(config, claim, receiver, number, network),
    )
    await this.#admit('refund', call, receiver, admit)
    return this.#pay('refund', receiver, async () => {
      const { transactionHash, logs } = await this.#send(receiver, call)
      return { transaction: transactionHash, refundedMicroUsd: refundedIn(logs) }
    })
  }

  withdrawBond(
    configs: ChannelConfig[],
    account: Address,
    sender: Signer,
  ): Promise<{ transaction: Hex; paidMicroUsd: MicroUsd }> {
    return this.#pay('payout', sender, (rpc) => withdrawBond(configs, account, sender, rpc, this.#send))
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
    return this.#pay('withdrawal', payer, () => this.#give(payer, { to, data }))
  }

  /** Tries a call beforehand where somebody is to be asked, so that only what would pass is asked about. */
  async #admit(
    doing: string,
    call: Call | SponsoredCall,
    sender: Signer,
    admit: Admit | undefined,
  ): Promise<void> {
    if (!admit) return
    await this.#attempt(doing, (rpc) => tryCall(call, sender, rpc))
    await admit()
  }

  async #give(sender: Signer, call: Call | SponsoredCall): Promise<Hex> {
    const { transactionHash } = await this.#send(sender, call)
    return transactionHash
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

/** Returns the chain behind a network's JSON-RPC endpoint, and its registry. Nothing is sent before its first use. */
export function createViemChain(network: Network, options?: ChainOptions): Chain & ModelRegistry {
  return new ViemChain(network, options)
}
