import { hashTypedData, keccak256, recoverTypedDataAddress, toHex } from 'viem'
import { minWithdrawDelaySeconds } from '../domain/admit-job.ts'
import { type Address, type Hex, sameAddress } from '../domain/bytes.ts'
import { isCanonicalSignature } from '../domain/canonical-signature.ts'
import type { ChannelClaim, ChannelConfig, ChannelState } from '../domain/channel.ts'
import { type Network, isLocalChain } from '../domain/network.ts'
import type { MicroUsd } from '../domain/price.ts'
import { channelConfigTypes, settlementDomain, voucherTypes } from '../domain/settlement-types.ts'
import { ChainError } from '../errors/index.ts'
import type { Chain, ClaimResult, ReceiverState } from '../ports/chain.ts'
import type { Clock } from '../ports/clock.ts'
import type { Signer } from '../ports/signer.ts'
import { depositAuthorization } from './authorize-deposit.ts'

const gasGiftWei = 10n ** 19n
const depositValiditySeconds = 3600
const maxWithdrawDelaySeconds = 30 * 24 * 3600

const emptyChannel: ChannelState = { balance: 0n, totalClaimed: 0n, withdrawal: null }
const emptyReceiver: ReceiverState = { totalClaimed: 0n, totalSettled: 0n }

/** A settlement contract in memory: the same rules, signatures really checked, no blocks and no gas fees. */
class MemoryChain implements Chain {
  readonly network: Network
  readonly #clock: Pick<Clock, 'nowMs'>
  readonly #balances = new Map<string, bigint>()
  readonly #gas = new Map<string, bigint>()
  readonly #channels = new Map<Hex, ChannelState>()
  readonly #receivers = new Map<string, ReceiverState>()
  #transactions = 0

  constructor(network: Network, clock: Pick<Clock, 'nowMs'>) {
    this.network = network
    this.#clock = clock
  }

  async balance(owner: Address): Promise<MicroUsd> {
    return this.#balanceOf(owner)
  }

  async gasBalance(owner: Address): Promise<bigint> {
    return this.#gas.get(owner.toLowerCase()) ?? 0n
  }

  async channel(channelId: Hex): Promise<ChannelState> {
    return this.#channel(channelId)
  }

  async receiver(receiver: Address): Promise<ReceiverState> {
    return this.#receiver(receiver)
  }

  async deposit(config: ChannelConfig, amount: MicroUsd, payer: Signer): Promise<Hex> {
    if (!isDelayAllowed(config)) throw refusal('deposit', 'WithdrawDelayOutOfRange')
    if (amount === 0n) throw refusal('deposit', 'ZeroDeposit')
    const channelId = this.#channelId(config)
    await this.#checkAuthorized(channelId, config, amount, payer)
    if (this.#balanceOf(config.payer) < amount) {
      throw new ChainError('chain/insufficient-funds', 'The wallet holds less than the deposit.')
    }
    const channel = this.#channel(channelId)
    this.#pay(config.payer, -amount)
    this.#channels.set(channelId, { ...channel, balance: channel.balance + amount })
    return this.#transaction()
  }

  async claim(claims: ChannelClaim[], receiver: Signer): Promise<ClaimResult> {
    const skipped: Hex[] = []
    for (const claim of claims) {
      if (!(await this.#redeem(claim, receiver.address))) skipped.push(claim.voucher.channelId)
    }
    const { totalClaimed, totalSettled } = this.#receiver(receiver.address)
    const settledMicroUsd = totalClaimed - totalSettled
    if (settledMicroUsd === 0n) return { transaction: null, settledMicroUsd, skipped }
    this.#receivers.set(receiver.address.toLowerCase(), { totalClaimed, totalSettled: totalClaimed })
    this.#pay(receiver.address, settledMicroUsd)
    return { transaction: this.#transaction(), settledMicroUsd, skipped }
  }

  async initiateWithdraw(config: ChannelConfig, amount: MicroUsd, payer: Signer): Promise<Hex> {
    if (!isPayerSide(config, payer)) throw refusal('withdrawal', 'InvalidChannel')
    const channelId = this.#channelId(config)
    const channel = this.#channel(channelId)
    if (amount === 0n) throw refusal('withdrawal', 'NothingToWithdraw')
    if (channel.withdrawal) throw refusal('withdrawal', 'WithdrawalAlreadyPending')
    if (amount > unclaimed(channel)) throw refusal('withdrawal', 'WithdrawAmountExceedsAvailable')
    const withdrawal = { amount, initiatedAtSeconds: this.#nowSeconds() }
    this.#channels.set(channelId, { ...channel, withdrawal })
    return this.#transaction()
  }

  async finalizeWithdraw(config: ChannelConfig, payer: Signer): Promise<Hex> {
    if (!isPayerSide(config, payer)) throw refusal('withdrawal', 'NotAuthorizedToFinalizeWithdraw')
    const channelId = this.#channelId(config)
    const channel = this.#channel(channelId)
    const { withdrawal } = channel
    if (!withdrawal) throw refusal('withdrawal', 'WithdrawalNotPending')
    if (this.#nowSeconds() < withdrawal.initiatedAtSeconds + config.withdrawDelay) {
      throw refusal('withdrawal', 'WithdrawDelayNotElapsed')
    }
    const left = unclaimed(channel)
    const amount = withdrawal.amount < left ? withdrawal.amount : left
    this.#channels.set(channelId, { ...channel, balance: channel.balance - amount, withdrawal: null })
    this.#pay(config.payer, amount)
    return this.#transaction()
  }

  async faucet(owner: Address, amount: MicroUsd): Promise<void> {
    if (!isLocalChain(this.network)) {
      throw new ChainError('chain/not-local', `There is no test money on ${this.network.name}.`)
    }
    this.#gas.set(owner.toLowerCase(), gasGiftWei)
    this.#pay(owner, amount)
  }

  async #checkAuthorized(
    channelId: Hex,
    config: ChannelConfig,
    amount: bigint,
    payer: Signer,
  ): Promise<void> {
    const { chainId, token, collector } = this.network
    const authorization = depositAuthorization(config.payer, {
      channelId,
      amount,
      collector,
      token: { name: 'Test Dollar', version: '1', chainId, verifyingContract: token },
      salt: BigInt(++this.#transactions),
      validBefore: BigInt(this.#nowSeconds() + depositValiditySeconds),
    })
    const signature = await payer.signTypedData(authorization)
    const signer = await recoverTypedDataAddress({ ...authorization, signature })
    if (!sameAddress(signer, config.payer)) throw refusal('deposit', 'ERC3009InvalidSignature')
  }

  /** Claims one line and returns whether the contract would have accepted it. */
  async #redeem({ config, voucher, totalClaimed }: ChannelClaim, sender: Address): Promise<boolean> {
    const isReceiver = [config.receiver, config.receiverAuthorizer].some((side) => sameAddress(side, sender))
    const channelId = this.#channelId(config)
    const signed = await recoverTypedDataAddress({
      domain: settlementDomain(this.network),
      types: voucherTypes,
      primaryType: 'Voucher',
      message: { channelId, maxClaimableAmount: voucher.maxClaimableAmount },
      signature: voucher.signature,
    }).catch(() => null)
    const channel = this.#channel(channelId)
    if (totalClaimed <= channel.totalClaimed) return true
    if (!isReceiver || signed === null || !sameAddress(signed, config.payerAuthorizer)) return false
    if (!isCanonicalSignature(voucher.signature)) return false
    if (totalClaimed > voucher.maxClaimableAmount || totalClaimed > channel.balance) return false

    const earned = this.#receiver(config.receiver)
    const rise = totalClaimed - channel.totalClaimed
    this.#channels.set(channelId, { ...channel, totalClaimed })
    this.#receivers.set(config.receiver.toLowerCase(), {
      ...earned,
      totalClaimed: earned.totalClaimed + rise,
    })
    return true
  }

  #channelId(config: ChannelConfig): Hex {
    const domain = settlementDomain(this.network)
    return hashTypedData({ domain, types: channelConfigTypes, primaryType: 'ChannelConfig', message: config })
  }

  #balanceOf(owner: Address): bigint {
    return this.#balances.get(owner.toLowerCase()) ?? 0n
  }

  #channel(channelId: Hex): ChannelState {
    return this.#channels.get(channelId) ?? emptyChannel
  }

  #receiver(receiver: Address): ReceiverState {
    return this.#receivers.get(receiver.toLowerCase()) ?? emptyReceiver
  }

  #pay(owner: Address, amount: bigint): void {
    this.#balances.set(owner.toLowerCase(), this.#balanceOf(owner) + amount)
  }

  #nowSeconds(): number {
    return Math.floor(this.#clock.nowMs() / 1000)
  }

  #transaction(): Hex {
    return keccak256(toHex(++this.#transactions))
  }
}

function isDelayAllowed({ withdrawDelay }: ChannelConfig): boolean {
  return withdrawDelay >= minWithdrawDelaySeconds && withdrawDelay <= maxWithdrawDelaySeconds
}

function isPayerSide({ payer, payerAuthorizer }: ChannelConfig, { address }: Signer): boolean {
  return sameAddress(payer, address) || sameAddress(payerAuthorizer, address)
}

function unclaimed({ balance, totalClaimed }: ChannelState): bigint {
  return balance - totalClaimed
}

function refusal(doing: string, reason: string): ChainError {
  return new ChainError('chain/reverted', `The contract refused the ${doing}: ${reason}.`)
}

/** Returns a chain for tests and simulation, shared by everybody who is given it. */
export function createMemoryChain(
  network: Network,
  clock: Pick<Clock, 'nowMs'> = { nowMs: () => Date.now() },
): Chain {
  return new MemoryChain(network, clock)
}
