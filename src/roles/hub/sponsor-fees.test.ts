import { beforeEach, describe, expect, test } from 'vitest'
import { accounts, channelConfig, network } from '../../../tests/fixtures/jobs.ts'
import { createMemoryChain } from '../../chain/memory-chain.ts'
import { ManualClock } from '../../device/manual-clock.ts'
import type { ClaimAuthorization, TransferAuthorization } from '../../domain/authorization.ts'
import { HubError } from '../../errors/index.ts'
import { channelIdOf } from '../../ledger/channel-id.ts'
import { signVoucher } from '../../ledger/sign-voucher.ts'
import type { Chain } from '../../ports/index.ts'
import { MemoryDocumentStore } from '../../storage/memory-document-store.ts'
import type { HubDone } from './hub-client.ts'
import { SponsorFees } from './sponsor-fees.ts'

const [payer, session, wallet, hubAccount] = accounts
const hub = { peerId: 'hub', account: hubAccount.address }
const other = { peerId: 'other', account: session.address }
const channelId = channelIdOf(channelConfig, network)
const done: HubDone = { transaction: '0x01', amountMicroUsd: 1n, skipped: [] }
const earnedMicroUsd = 1_000n

let clock: ManualClock
let chain: Chain
let documents: MemoryDocumentStore
let fees: SponsorFees
/** Every fee that a hub was handed. */
let handed: TransferAuthorization[]

beforeEach(async () => {
  clock = new ManualClock(1_800_000_000_000)
  chain = createMemoryChain(network, clock)
  documents = new MemoryDocumentStore()
  fees = new SponsorFees({ chain, wallet, documents, clock })
  handed = []
  for (const { address } of [payer, wallet]) await chain.faucet(address, earnedMicroUsd)
  await chain.deposit(channelConfig, earnedMicroUsd, payer)
})

/** What this account may claim of its channel: so much in all. */
async function claimOf(totalClaimed: bigint): Promise<ClaimAuthorization> {
  const voucher = await signVoucher(channelId, totalClaimed, network, session)
  return chain.authorizeClaim([{ config: channelConfig, voucher, totalClaimed }], wallet)
}

/** Lets the clock run until something has come to its end. */
async function outcome<result>(work: Promise<result>): Promise<result | string> {
  let isOver = false
  const ended = work
    .catch((error: unknown) => (error instanceof HubError ? error.code : String(error)))
    .finally(() => (isOver = true))
  while (!isOver) await clock.advance(1_000)
  return ended
}

/** Hands a hub a claim and its fee, and keeps what it was handed. */
const claim = (
  work: ClaimAuthorization,
  feeMicroUsd: bigint,
  hand: (fee: TransferAuthorization) => Promise<HubDone>,
  to = hub,
) =>
  outcome(
    fees.pay(to, feeMicroUsd, work, (fee) => {
      handed.push(fee)
      return hand(fee)
    }),
  )

const steal = async (fee: TransferAuthorization) => void (await chain.submitTransfers([fee], hubAccount))
const refuse = () => Promise.reject(new HubError('hub/busy', 'Not now.'))
const fallSilent = () => Promise.reject(new HubError('hub/no-answer', 'Silent.'))
const serve = (work: ClaimAuthorization) => async (fee: TransferAuthorization) => {
  const { transaction } = await chain.submitClaim(work, fee, hubAccount)
  return { ...done, transaction }
}

/** Lets a hub take all that it was ever handed, as far as it can. */
const stealAll = async () => {
  for (const fee of handed) await steal(fee).catch(() => {})
}
const lost = async () => earnedMicroUsd - (await chain.balance(wallet.address))

describe('a hub that does its work', () => {
  test('is paid for each, under a nonce of its own', async () => {
    const first = await claimOf(100n)
    expect(await claim(first, 7n, serve(first))).toMatchObject({ transaction: /^0x/ })
    const second = await claimOf(200n)
    expect(await claim(second, 8n, serve(second))).not.toBeTypeOf('string')
    expect(new Set(handed.map(({ nonce }) => nonce)).size).toBe(2)
    expect(await chain.balance(hubAccount.address)).toBe(15n)
    expect(await fees.trusts(hub)).toBe(true)
    expect(await documents.keys('sponsor-fees')).toEqual([])
  })

  test('is trusted also where nobody heard of it before the next work', async () => {
    const first = await claimOf(100n)
    const lagging = chain.channel
    chain.channel = async () => ({ balance: 1_000n, totalClaimed: 0n, withdrawal: null })
    chain.authorizationState = async () => 'open'
    expect(await claim(first, 7n, serve(first))).toBe('hub/no-answer')
    chain.channel = lagging
    Reflect.deleteProperty(chain, 'authorizationState')
    const second = await claimOf(200n)
    expect(await claim(second, 7n, serve(second))).not.toBeTypeOf('string')
    expect(await chain.balance(hubAccount.address)).toBe(14n)
  })

  test('that was handed the same twice, and did the first, has earned its one fee', async () => {
    const first = await claimOf(100n)
    expect(await claim(first, 7n, fallSilent)).toBe('hub/no-answer')
    const second = await claimOf(200n)
    expect(await claim(second, 7n, refuse)).toBe('hub/busy')
    await chain.submitClaim(first, handed[0]!, hubAccount)
    const third = await claimOf(300n)
    expect(await claim(third, 7n, serve(third))).not.toBeTypeOf('string')
    expect(await chain.balance(hubAccount.address)).toBe(14n)
  })
})

describe('a hub that takes its fee and does nothing', () => {
  test.each([
    ['says that it did', async () => done],
    ['refuses', refuse],
    ['falls silent', fallSilent],
  ])('and %s is found out at once, and handed no other', async (_name, answer) => {
    const work = await claimOf(100n)
    const pocket = async (fee: TransferAuthorization) => {
      await steal(fee)
      return answer()
    }
    expect(await claim(work, 7n, pocket)).toBe('hub/fee-taken')
    expect(await claim(work, 7n, pocket)).toBe('hub/fee-taken')
    expect(handed).toHaveLength(1)
    expect(await lost()).toBe(7n)
    expect(await fees.trusts(hub)).toBe(false)
    expect(await fees.faithless()).toEqual([hub.account])
    const afterReload = new SponsorFees({ chain, wallet, documents, clock })
    expect(await afterReload.trusts(hub)).toBe(false)
  })

  test('only after many attempts, at any price, takes one fee of all', async () => {
    const work = await claimOf(100n)
    for (const price of [7n, 9n, 9n, 8n, 20n]) expect(await claim(work, price, refuse)).toBe('hub/busy')
    expect(new Set(handed.map(({ nonce }) => nonce)).size).toBe(1)
    expect(handed.map(({ amount }) => amount)).toEqual([7n, 9n, 9n, 8n, 20n])
    await stealAll()
    expect(await lost()).toBe(7n)
    expect(await claim(work, 7n, refuse)).toBe('hub/fee-taken')
    expect(await lost()).toBe(7n)
  })

  test('under one account after the other, is one hub', async () => {
    const work = await claimOf(100n)
    expect(await claim(work, 7n, refuse)).toBe('hub/busy')
    expect(await claim(work, 7n, refuse, { ...hub, account: other.account })).toBe('hub/busy')
    await stealAll()
    expect(await lost()).toBe(7n)
    expect(await claim(work, 7n, refuse, { ...hub, account: payer.address })).toBe('hub/fee-taken')
    expect(await claim(work, 7n, refuse, { peerId: 'elsewhere', account: other.account })).toBe(
      'hub/fee-taken',
    )
  })

  test('does not pass off as its own what another hub, or the account itself, has claimed', async () => {
    const work = await claimOf(100n)
    expect(await claim(work, 7n, refuse)).toBe('hub/busy')
    expect(await claim(work, 7n, serve(work), other)).not.toBeTypeOf('string')
    await steal(handed[0]!)
    const next = await claimOf(200n)
    expect(await claim(next, 7n, serve(next))).toBe('hub/fee-taken')
    expect(await fees.trusts(other)).toBe(true)
    expect(await lost()).toBe(14n - 100n)
  })

  test('is trusted again once the chain, which was late, shows its work', async () => {
    const work = await claimOf(100n)
    const shown = chain.channel
    chain.channel = async () => ({ balance: 1_000n, totalClaimed: 0n, withdrawal: null })
    expect(await claim(work, 7n, serve(work))).toBe('hub/fee-taken')
    expect(await fees.trusts(hub)).toBe(false)
    chain.channel = shown
    expect(await fees.trusts(hub)).toBe(false)
    await clock.advance(60_000)
    expect(await fees.trusts(hub)).toBe(true)
    const next = await claimOf(200n)
    expect(await claim(next, 7n, serve(next))).not.toBeTypeOf('string')
  })

  test('is not forgiven for work that another hub, or the account itself, has done since', async () => {
    const work = await claimOf(100n)
    const pocket = async (fee: TransferAuthorization) => {
      await steal(fee)
      return done
    }
    expect(await claim(work, 7n, pocket)).toBe('hub/fee-taken')
    expect(await claim(work, 7n, serve(work), other)).not.toBeTypeOf('string')
    await clock.advance(60_000)
    expect(await fees.trusts(hub)).toBe(false)
    expect(await fees.trusts(other)).toBe(true)
  })

  test('is not forgiven for work that another hub, which fell silent, does late', async () => {
    const work = await claimOf(100n)
    const pocket = async (fee: TransferAuthorization) => {
      await steal(fee)
      return done
    }
    expect(await claim(work, 7n, pocket)).toBe('hub/fee-taken')
    expect(await claim(work, 7n, fallSilent, other)).toBe('hub/no-answer')
    await chain.submitClaim(work, handed[1]!, hubAccount)
    await clock.advance(60_000)
    expect(await fees.trusts(hub)).toBe(false)
    // The other one has earned its fee, and is handed the next.
    const next = await claimOf(200n)
    expect(await claim(next, 7n, serve(next), other)).not.toBeTypeOf('string')
    await clock.advance(60_000)
    expect(await fees.trusts(hub)).toBe(false)
    expect(await documents.keys('sponsor-fees')).toHaveLength(1)
  })

  test('leaves a move of money unmoved, and is found out by that', async () => {
    const transfer = await chain.authorizeTransfer(payer.address, 50n, wallet)
    const pay = () =>
      outcome(
        fees.pay(hub, 7n, { transfer }, async (fee) => {
          await steal(fee)
          return done
        }),
      )
    expect([await pay(), await pay()]).toEqual(['hub/fee-taken', 'hub/fee-taken'])
    expect(await lost()).toBe(7n)
  })
})

test('a fee that ends soon is signed anew in its place, and one that has ended is forgotten', async () => {
  const work = await claimOf(100n)
  await claim(work, 7n, refuse)
  await clock.advance(3_500_000)
  await claim(work, 7n, refuse)
  expect(handed[1]!.nonce).toBe(handed[0]!.nonce)
  expect(handed[1]!.validBeforeSeconds).toBeGreaterThan(handed[0]!.validBeforeSeconds)
  await clock.advance(3_700_000)
  await claim(work, 7n, refuse)
  expect(handed[2]!.nonce).not.toBe(handed[0]!.nonce)
})

test('two tabs that hand over at once sign one nonce', async () => {
  const work = await claimOf(100n)
  const twin = new SponsorFees({ chain, wallet, documents, clock })
  const hand = (fee: TransferAuthorization) => {
    handed.push(fee)
    return refuse()
  }
  await outcome(
    Promise.allSettled([fees.pay(hub, 7n, work, hand), twin.pay(hub, 9n, work, hand)]).then(() => done),
  )
  expect(handed).toHaveLength(2)
  await stealAll()
  expect([7n, 9n]).toContain(await lost())
})
