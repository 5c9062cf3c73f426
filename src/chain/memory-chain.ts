import { keccak256, toHex } from 'viem'
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
import { ChainError } from '../errors/index.ts'
import { limits } from '../protocol/limits.ts'
import type { Admit, Chain, ClaimResult, ClaimSeen, ReceiverState, RefundOptions } from '../ports/chain.ts'
import type { Clock } from '../ports/clock.ts'
import type { ListingMade, ModelRegistry } from '../ports/model-registry.ts'
import type { Signer } from '../ports/signer.ts'
import { signClaims } from './authorize-claim.ts'
import { authorizationSeconds, signDeposit } from './authorize-deposit.ts'
import { signTransfer } from './authorize-transfer.ts'
import { costOf } from './gas-table.ts'
import { hashChannel } from './hash-channel.ts'
import { creditBond, payFree, readBond } from './memory-bond.ts'
import { claimsIn, noteClaims, payOut } from './memory-claims.ts'
import { findInMemory, registerInMemory, registrationGas } from './memory-registry.ts'
import * as settlement from './memory-settlement.ts'
import {
  type MemoryState,
  addBalance,
  balanceOf,
  channelOf,
  emptyState,
  receiverOf,
  refundsOf,
  refusal,
} from './memory-state.ts'
import { finalize, initiate } from './memory-withdrawal.ts'
import { collectAuthorized, memoryTokenDomain, moveAuthorized, readAuthorization } from './memory-token.ts'

const gasGiftWei = 10n ** 19n
/** A hundredth of a gwei, as on a rollup; nobody pays it here. */
const gasPriceWei = 10n ** 7n
type Now = Pick<Clock, 'nowMs'>
const systemNow: Now = { nowMs: () => Date.now() }

/** The contracts in memory: the same rules, signatures really checked, no blocks and no gas fees. */
class MemoryChain implements Chain, ModelRegistry {
  readonly network: Network
  readonly #clock: Now
  readonly #gas = new Map<string, bigint>()
  #state = emptyState()
  #lastTransaction: Promise<unknown> = Promise.resolve()
  #transactions = 0

  constructor(network: Network, clock: Now) {
    this.network = network
    this.#clock = clock
  }

  async balance(owner: Address): Promise<MicroUsd> {
    return balanceOf(this.#state, owner)
  }

  async gasBalance(owner: Address): Promise<bigint> {
    return this.#gas.get(owner.toLowerCase()) ?? 0n
  }

  async gasCost(action: SponsoredAction, channels?: number): Promise<bigint> {
    return costOf(action, this.network, channels).gas * gasPriceWei
  }

  async channel(channelId: Hex): Promise<ChannelState> {
    return channelOf(this.#state, channelId)
  }

  async receiver(receiver: Address): Promise<ReceiverState> {
    return receiverOf(this.#state, receiver)
  }

  async claimsOn(channelId: Hex, sinceSeconds: number): Promise<ClaimSeen[]> {
    return claimsIn(this.#state, channelId, sinceSeconds)
  }

  async refunds(channelId: Hex): Promise<bigint> {
    return refundsOf(this.#state, channelId)
  }

  async bond(provider: Address): Promise<BondAccount | null> {
    return this.network.bond ? readBond(this.#state, provider, this.#nowSeconds()) : null
  }

  async deposit(config: ChannelConfig, amount: MicroUsd, payer: Signer): Promise<Hex> {
    return this.submitDeposit(await this.authorizeDeposit(config, amount, payer))
  }

  async authorizeDeposit(
    config: ChannelConfig,
    amount: MicroUsd,
    payer: Signer,
  ): Promise<DepositAuthorization> {
    if (balanceOf(this.#state, config.payer) < amount) {
      throw new ChainError('chain/insufficient-funds', 'The wallet holds less than the deposit.')
    }
    const { collector } = this.network
    const collectorData = await signDeposit(payer, {
      channelId: hashChannel(config, this.network),
      payer: config.payer,
      amount,
      collector,
      token: memoryTokenDomain(this.network),
      salt: BigInt(toHex(crypto.getRandomValues(new Uint8Array(32)))),
      validBefore: BigInt(this.#nowSeconds() + authorizationSeconds),
    })
    return { config, amount, collector, collectorData }
  }

  submitDeposit(deposit: DepositAuthorization, _sender?: Signer, admit?: Admit): Promise<Hex> {
    return this.#transact(async (state, transaction) => {
      const { config, amount } = deposit
      const wrong = settlement.termsError(config) ?? (amount === 0n ? 'ZeroDeposit' : null)
      if (wrong) throw refusal('deposit', wrong)
      const channelId = hashChannel(config, this.network)
      await collectAuthorized(state, deposit, channelId, this.network, this.#nowSeconds())
      const channel = channelOf(state, channelId)
      state.channels.set(channelId, { ...channel, balance: channel.balance + amount })
      await admit?.()
      return transaction
    })
  }

  async authorizationState(signed: SpendAuthorization): Promise<AuthorizationState> {
    return readAuthorization(this.#state, signed, this.network, this.#nowSeconds())
  }

  claim(claims: ChannelClaim[], receiver: Signer): Promise<ClaimResult> {
    return this.#transact(async (state, transaction) => {
      const { accepted, skipped } = await this.#sift(state, claims, receiver.address)
      const settledMicroUsd = payOut(state, accepted, this.network, this.#nowSeconds(), receiver.address)
      return { transaction: settledMicroUsd === 0n ? null : transaction, settledMicroUsd, skipped }
    })
  }

  async authorizeClaim(claims: ChannelClaim[], authorizer: Signer): Promise<ClaimAuthorization> {
    const { accepted } = await this.#sift(structuredClone(this.#state), claims, authorizer.address)
    return signClaims(accepted.slice(0, limits.channelsPerClaim), this.network, authorizer)
  }

  submitClaim(
    { claims, signature }: ClaimAuthorization,
    fee: TransferAuthorization | null,
    _sender?: Signer,
    admit?: Admit,
  ): Promise<ClaimResult> {
    return this.#transact(async (state, transaction) => {
      await settlement.checkBatch(claims, signature, this.network)
      for (const claim of claims) {
        const wrong = await settlement.redeem(state, claim, this.network)
        if (wrong) throw refusal('claim', wrong)
      }
      const settledMicroUsd = payOut(state, claims, this.network, this.#nowSeconds())
      if (settledMicroUsd === 0n) return { transaction: null, settledMicroUsd, skipped: [] }
      if (fee) await moveAuthorized(state, fee, this.network, this.#nowSeconds())
      await admit?.()
      return { transaction, settledMicroUsd, skipped: [] }
    })
  }

  authorizeTransfer(
    to: Address,
    amount: MicroUsd,
    owner: Signer,
    inPlaceOf?: TransferAuthorization,
  ): Promise<TransferAuthorization> {
    const validBeforeSeconds = this.#nowSeconds() + authorizationSeconds
    const order = { to, amount, validBeforeSeconds, ...(inPlaceOf && { nonce: inPlaceOf.nonce }) }
    return signTransfer(order, memoryTokenDomain(this.network), owner)
  }

  submitTransfers(transfers: TransferAuthorization[], _sender?: Signer, admit?: Admit): Promise<Hex> {
    return this.#transact(async (state, transaction) => {
      const { bond } = this.network
      for (const { from } of bond ? transfers : []) payFree(state, from, bond!, this.#nowSeconds())
      for (const one of transfers) await moveAuthorized(state, one, this.network, this.#nowSeconds())
      await admit?.()
      return transaction
    })
  }

  refund(
    config: ChannelConfig,
    claim: ChannelClaim | null,
    receiver: Signer,
    { number, admit }: RefundOptions = {},
  ): Promise<{ transaction: Hex; refundedMicroUsd: MicroUsd }> {
    return this.#transact(async (state, transaction) => {
      const order = { config, claim, number, receiver: receiver.address }
      const refundedMicroUsd = await settlement.refund(state, order, this.network)
      await admit?.()
      return { transaction, refundedMicroUsd }
    })
  }

  withdrawBond(
    configs: ChannelConfig[],
    account: Address,
  ): Promise<{ transaction: Hex; paidMicroUsd: MicroUsd }> {
    return this.#transact(async (state, transaction) => {
      const { bond } = this.network
      if (!bond) throw new ChainError('chain/no-bond', 'This network has no earnings bond.')
      for (const config of configs) creditBond(state, config, this.network, this.#nowSeconds())
      return { transaction, paidMicroUsd: payFree(state, account, bond, this.#nowSeconds()) }
    })
  }

  initiateWithdraw(config: ChannelConfig, amount: MicroUsd, payer: Signer): Promise<Hex> {
    return this.#transact(async (state, transaction) => {
      initiate(state, config, amount, payer.address, this.network, this.#nowSeconds())
      return transaction
    })
  }

  finalizeWithdraw(config: ChannelConfig, payer: Signer): Promise<Hex> {
    return this.#transact(async (state, transaction) => {
      finalize(state, config, payer.address, this.network, this.#nowSeconds())
      return transaction
    })
  }

  async listings(skip: number, most: number): Promise<ModelListing[]> {
    return this.network.registry ? this.#state.listings.toReversed().slice(skip, skip + most) : []
  }

  async listing(modelId: ModelId, publisher: Address): Promise<ModelListing | null> {
    return findInMemory(this.#state, modelId, publisher)
  }

  registerModel(registration: ModelRegistration, publisher: Signer): Promise<ListingMade> {
    return this.#transact(async (state, transaction) => {
      const listingId = registerInMemory(state, registration, publisher.address, this.network)
      return { transaction, listingId }
    })
  }

  async registrationCost(registration: ModelRegistration): Promise<bigint> {
    return registrationGas(registration) * gasPriceWei
  }

  faucet(owner: Address, amount: MicroUsd): Promise<void> {
    return this.#transact(async (state) => {
      if (!isLocalChain(this.network)) {
        throw new ChainError('chain/not-local', `There is no test money on ${this.network.name}.`)
      }
      this.#gas.set(owner.toLowerCase(), gasGiftWei)
      addBalance(state, owner, amount)
    })
  }

  /** Claims what `sender` may and what would pass; leaves out, unnamed, what brings nothing new. */
  async #sift(state: MemoryState, claims: ChannelClaim[], sender: Address) {
    const accepted: ChannelClaim[] = []
    const skipped: Hex[] = []
    for (const claim of claims) {
      const { totalClaimed } = channelOf(state, hashChannel(claim.config, this.network))
      if (claim.totalClaimed <= totalClaimed) continue
      const isAllowed = settlement.isReceiverSide(claim.config, sender)
      const isTaken = isAllowed && (await settlement.redeem(state, claim, this.network)) === null
      if (isTaken) accepted.push(claim)
      else skipped.push(claim.voucher.channelId)
    }
    return { accepted, skipped }
  }

  /** Runs one transaction after another on a copy of the state, which counts only when nothing was refused. */
  #transact<result>(work: (state: MemoryState, transaction: Hex) => Promise<result>): Promise<result> {
    const done = this.#lastTransaction.then(async () => {
      const state = structuredClone(this.#state)
      const transaction = keccak256(toHex(++this.#transactions))
      const result = await work(state, transaction)
      noteClaims(this.#state, state, transaction, this.#nowSeconds())
      this.#state = state
      return result
    })
    this.#lastTransaction = done.catch(() => {})
    return done
  }

  #nowSeconds(): number {
    return Math.floor(this.#clock.nowMs() / 1000)
  }
}

/** Returns a chain and its registry for tests and simulation, shared by everybody who is given it. */
export function createMemoryChain(network: Network, clock = systemNow): Chain & ModelRegistry {
  return new MemoryChain(network, clock)
}
