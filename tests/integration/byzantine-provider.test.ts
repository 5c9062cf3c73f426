import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { withSpread } from '../../src/domain/hub.ts'
import { chargeMicroUsd } from '../../src/domain/price.ts'
import { signReceipt } from '../../src/ledger/sign-receipt.ts'
import type { FrameStream } from '../../src/ports/index.ts'
import { encodeFrame, parseFrame } from '../../src/protocol/frame-codec.ts'
import { providerFrameSchema } from '../../src/protocol/infer-messages.ts'
import { inferProtocol } from '../../src/protocol/protocols.ts'
import { createHubClient } from '../../src/roles/hub/hub-client.ts'
import { memoryRelay } from '../../src/transport/memory-transport.ts'
import { account } from '../fixtures/hub.ts'
import { codeOf, HandProvider } from '../fixtures/hub-ends.ts'
import { bound } from '../fixtures/hub-faults.ts'
import { longJob } from '../fixtures/hub-provider.ts'
import { price } from '../fixtures/jobs.ts'
import { type LocalChain, startLocalChain } from '../fixtures/local-chain.ts'
import { makeAsk, never, runAsk } from '../fixtures/market.ts'
import { openTrial, type Trial } from '../fixtures/trial.ts'

let local: LocalChain
let accounts = 90_000

beforeAll(async () => {
  local = await startLocalChain()
})

afterAll(() => local.stop())

/** A provider by hand at the hub, that a requester by hand has paid 1,000 through it. */
async function openPaid() {
  const trial = await openTrial(local)
  const { tabs, chain, clock, hubAccount } = trial
  const join = async (signer = account(++accounts)) => {
    const { transport } = tabs.join()
    await transport.start()
    return new HandProvider(transport, signer, { chain, clock, hub: hubAccount.address })
  }
  const liar = await join()
  expect(codeOf(await liar.register())).toBe('registered')
  const requester = await trial.joinHand()
  const job = await requester.open({ provider: liar.account.address, ceilingMicroUsd: 5_000n })
  expect(codeOf(await job.pay(1_000n))).toBe('paid')
  await expect.poll(() => liar.voucher?.maxClaimableAmount).toBe(1_000n)
  const line = { config: liar.channel!, voucher: liar.voucher!, totalClaimed: 1_000n }
  return { ...trial, join, liar, requester, line }
}

describe('a provider that claims', () => {
  test('more than its vouchers promise gets nothing for it, and what they promise without', async () => {
    const { chain, liar, line, settle } = await openPaid()
    const greedy = { ...line, totalClaimed: 1_001n }
    const lie = { ...line, voucher: { ...line.voucher, maxClaimableAmount: 1_001n }, totalClaimed: 1_001n }
    for (const claim of [greedy, lie]) {
      await chain.claim([claim], liar.account).catch(() => {})
      expect(await chain.balance(liar.account.address)).toBe(0n)
    }
    await chain.claim([line], liar.account)
    expect(await chain.balance(liar.account.address)).toBe(1_000n)
    expect(await settle()).toEqual({ requester: -1_020n, hub: 20n, provider: 0n })
  })

  test('twice, itself and through the hub, is paid once', async () => {
    const { chain, tabs, clock, hubAccount, liar, line, settle } = await openPaid()
    await chain.claim([line], liar.account)
    await chain.claim([line], liar.account).catch(() => {})
    const { transport } = tabs.join()
    await transport.start()
    const client = createHubClient(memoryRelay, { transport, clock, network: local.network })
    const claim = await chain.authorizeClaim([line], liar.account)
    const fee = await chain.authorizeTransfer(hubAccount.address, 0n, liar.account)
    const again = await client.claim({ ...claim, claims: [line] }, fee).catch(() => null)
    expect(again?.amountMicroUsd ?? 0n).toBe(0n)
    expect(await chain.balance(liar.account.address)).toBe(1_000n)
    expect(await settle()).toEqual({ requester: -1_020n, hub: 20n, provider: 0n })
  })

  test('in the name of another moves no money, or moves it to the other', async () => {
    const { chain, line, liar, settle } = await openPaid()
    const thief = account(++accounts)
    await chain.faucet(thief.address, 1n)
    await chain.claim([line], thief).catch(() => {})
    await chain
      .claim([{ ...line, config: { ...line.config, receiver: thief.address } }], thief)
      .catch(() => {})
    expect(await chain.balance(thief.address)).toBe(1n)
    await chain.claim([line], liar.account).catch(() => {})
    expect(await chain.balance(liar.account.address)).toBe(1_000n)
    expect(await settle()).toEqual({ requester: -1_020n, hub: 20n, provider: 0n })
  })
})

describe('a provider that tells the hub that it is somebody else', () => {
  test('is refused, and what the other earns reaches the other', async () => {
    const { join, liar: victim, requester, chain, settle } = await openPaid()
    const thief = await join(victim.account)
    expect(codeOf(await thief.register({ signer: account(++accounts) }))).toBe('ledger/bad-signature')
    const elsewhere = await join()
    const { address } = victim.account
    expect(codeOf(await elsewhere.register({ receiver: address }))).toBe('ledger/bad-channel')
    const job = await requester.open({ provider: address, ceilingMicroUsd: 5_000n })
    expect(codeOf(await job.pay(500n))).toBe('paid')
    await expect.poll(() => victim.voucher?.maxClaimableAmount).toBe(1_500n)
    expect([thief.events, elsewhere.events]).toEqual([[], []])
    await victim.claim()
    expect(await chain.balance(address)).toBe(1_500n)
    expect(await settle()).toEqual({ requester: -1_530n, hub: 30n, provider: 0n })
  })
})

describe('a provider whose receipt names more tokens than it sent', () => {
  /** Has the provider sign a receipt for 32 tokens more than came. */
  function overstate({ seller }: Trial, stream: FrameStream): FrameStream {
    const read: FrameStream['read'] = async (signal) => {
      const bytes = await stream.read(signal)
      const frame = bytes && parseFrame(providerFrameSchema, bytes)
      if (frame?.type !== 'receipt') return bytes
      const { receipt } = frame.signed
      const { promptTokens, completionTokens } = receipt.tokens
      const tokens = { promptTokens, completionTokens: completionTokens + 32 }
      const lie = { ...receipt, tokens, chargeMicroUsd: receipt.chargeMicroUsd + 64n }
      return encodeFrame({ ...frame, signed: await signReceipt(lie, local.network, seller.wallet) })
    }
    return { ...bound(stream), read }
  }

  test('is paid for what came', async () => {
    const trial = await openTrial(local)
    const buyer = await trial.joinBuyer()
    const open = buyer.transport.open.bind(buyer.transport)
    buyer.transport.open = async (peer, protocol, signal) => {
      const stream = await open(peer, protocol, signal)
      return protocol === inferProtocol ? overstate(trial, stream) : stream
    }
    const answer = await runAsk(buyer.requester.ask(makeAsk(longJob), never))
    expect(answer.error?.code).toBe('ledger/bad-receipt')
    const charge = chargeMicroUsd(answer.tokens, price)
    expect(answer.receipt?.receipt.chargeMicroUsd).toBe(charge + 64n)
    await expect.poll(trial.heldBySeller).toBe(charge)
    const paid = withSpread(charge, trial.hub.terms)
    expect(await trial.settle()).toEqual({ requester: -paid, hub: paid - charge, provider: charge })
  })
})
