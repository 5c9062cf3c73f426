import {
  type Arbitrary,
  array,
  assert,
  asyncProperty,
  bigInt,
  boolean,
  constantFrom,
  record,
} from 'fast-check'
import { toHex } from 'viem'
import { afterAll, beforeAll, test } from 'vitest'
import { createMemoryAccount } from '../../src/chain/key-signer.ts'
import { createMemoryChain } from '../../src/chain/memory-chain.ts'
import { createViemChain } from '../../src/chain/viem-chain.ts'
import { ManualClock } from '../../src/device/manual-clock.ts'
import type { ChannelClaim, ChannelConfig } from '../../src/domain/channel.ts'
import { channelIdOf } from '../../src/ledger/channel-id.ts'
import { signVoucher } from '../../src/ledger/sign-voucher.ts'
import type { Chain } from '../../src/ports/chain.ts'
import { type LocalChain, startLocalChain } from '../fixtures/local-chain.ts'
import { assertEqual } from './case.ts'

const funds = 100n
const withdrawDelay = 900
const seed = 20_26

let local: LocalChain

beforeAll(async () => {
  local = await startLocalChain()
})

afterAll(() => local.stop())

type Step = {
  act:
    | 'deposit'
    | 'claim'
    | 'announce'
    | 'finalize'
    | 'refund'
    | 'signed deposit'
    | 'signed claim'
    | 'signed transfer'
  amount: bigint
  which: 0 | 1
  /** Whether a withdrawal's delay passes first. */
  wait: boolean
}

const step: Arbitrary<Step> = record({
  act: constantFrom(
    'deposit',
    'claim',
    'claim',
    'announce',
    'finalize',
    'refund',
    'signed deposit',
    'signed claim',
    'signed claim',
    'signed transfer',
  ),
  amount: bigInt(0n, 60n),
  which: constantFrom(0, 0, 1),
  wait: boolean(),
})

const opening: Step = { act: 'deposit', amount: 50n, which: 0, wait: false }

/** One payer, one receiver, two channels between them and a hub that sends for both, on one of the chains. */
function openScene() {
  const [payer, session, receiver] = [createMemoryAccount(), createMemoryAccount(), createMemoryAccount()]
  const hub = createMemoryAccount()
  const configs = [0, 1].map((salt): ChannelConfig => ({
    payer: payer.address,
    payerAuthorizer: session.address,
    receiver: receiver.address,
    receiverAuthorizer: receiver.address,
    token: local.network.token,
    withdrawDelay,
    salt: toHex(salt, { size: 32 }),
  }))
  const idOf = (config: ChannelConfig) => channelIdOf(config, local.network)

  async function take(chain: Chain, { act, amount, which }: Step): Promise<unknown> {
    const config = configs[which]!
    if (act === 'deposit') await chain.deposit(config, amount, payer)
    if (act === 'announce') await chain.initiateWithdraw(config, amount, payer)
    if (act === 'finalize') await chain.finalizeWithdraw(config, payer)
    if (act === 'signed deposit') return sendDeposit(chain, config, amount)
    if (act === 'signed transfer') return sendTransfer(chain, amount)
    if (act !== 'claim' && act !== 'signed claim' && act !== 'refund') return 'done'
    const voucher = await signVoucher(idOf(config), amount, local.network, session)
    const claim: ChannelClaim = { config, voucher, totalClaimed: amount }
    if (act === 'signed claim') return sendClaim(chain, claim)
    if (act === 'refund') return (await chain.refund(config, claim, receiver)).refundedMicroUsd
    const { settledMicroUsd, skipped } = await chain.claim([claim], receiver)
    return { settledMicroUsd, skipped }
  }

  /** Twice, which must not count twice. */
  async function sendDeposit(chain: Chain, config: ChannelConfig, amount: bigint) {
    const deposit = await chain.authorizeDeposit(config, amount, payer)
    await chain.submitDeposit(deposit, hub)
    return chain.submitDeposit(deposit, hub)
  }

  async function sendTransfer(chain: Chain, amount: bigint) {
    const transfer = await chain.authorizeTransfer(hub.address, amount, receiver)
    await chain.submitTransfers([transfer], hub)
    return chain.submitTransfers([transfer], hub)
  }

  async function sendClaim(chain: Chain, claim: ChannelClaim) {
    const signed = await chain.authorizeClaim([claim], receiver)
    const fee = await chain.authorizeTransfer(hub.address, 7n, receiver)
    const { settledMicroUsd, skipped } = await chain.submitClaim(signed, fee, hub)
    return { settledMicroUsd, skipped, again: (await chain.submitClaim(signed, fee, hub)).settledMicroUsd }
  }

  async function observe(chain: Chain) {
    const channels = await Promise.all(configs.map((config) => chain.channel(idOf(config))))
    return {
      payer: await chain.balance(payer.address),
      receiver: await chain.balance(receiver.address),
      hub: await chain.balance(hub.address),
      totals: await chain.receiver(receiver.address),
      channels: channels.map(({ withdrawal, ...state }) => ({
        ...state,
        pending: withdrawal?.amount ?? null,
      })),
    }
  }

  return { payer, take, observe }
}

const outcomeOf = (taken: Promise<unknown>) => taken.catch((error: { code: string }) => error.code)

test('the chain in memory does what the contract does, whatever happens', async () => {
  const clock = new ManualClock(Date.now())
  const chains = [createViemChain(local.network), createMemoryChain(local.network, clock)] as const
  const advance = (seconds: number) => Promise.all([local.advance(seconds), clock.advance(seconds * 1000)])

  await assert(
    asyncProperty(array(step, { minLength: 8, maxLength: 16 }), async (steps) => {
      const scene = openScene()
      await Promise.all(chains.map((chain) => chain.faucet(scene.payer.address, funds)))
      for (const chain of chains) await scene.take(chain, opening)
      for (const [index, next] of steps.entries()) {
        if (next.act === 'finalize' && next.wait) await advance(withdrawDelay)
        const [real, simulated] = await Promise.all(chains.map((chain) => outcomeOf(scene.take(chain, next))))
        const where = `step ${index}, ${next.act} ${next.amount}`
        assertEqual(simulated, real, where)
        const [onChain, inMemory] = await Promise.all(chains.map((chain) => scene.observe(chain)))
        assertEqual(inMemory, onChain, `state after ${where}`)
      }
    }),
    { numRuns: 25, seed, endOnFailure: true },
  )
})
