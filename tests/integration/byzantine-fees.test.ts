import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { defaultHubPolicy } from '../../relay/hub/hub-policy.ts'
import type { TransferAuthorization } from '../../src/domain/authorization.ts'
import type { Hex } from '../../src/domain/bytes.ts'
import type { Chain } from '../../src/ports/index.ts'
import type { HubDeskRequest } from '../../src/protocol/hub-messages.ts'
import { hubDeskProtocol } from '../../src/protocol/protocols.ts'
import { createKnownHubs } from '../../src/roles/hub/known-hubs.ts'
import { createSettlement } from '../../src/roles/wallet/settle.ts'
import { account } from '../fixtures/hub.ts'
import { type Excuse, pocketing } from '../fixtures/hub-faults.ts'
import { withOwn, withoutGas } from '../fixtures/hub-market.ts'
import { type LocalChain, startLocalChain } from '../fixtures/local-chain.ts'
import { makeAsk, never, runAsk } from '../fixtures/market.ts'
import { openTrial, type Trial } from '../fixtures/trial.ts'

let local: LocalChain

beforeAll(async () => {
  local = await startLocalChain()
})

afterAll(() => local.stop())

/** What the hub of these trials asks for sending something. */
const feeMicroUsd = 50n
const attempts = 2

type When = 'at once' | 'in the end'
const ways: [Excuse, When][] = [
  ['says that it did', 'at once'],
  ['falls silent', 'at once'],
  ['refuses', 'at once'],
  ['refuses', 'in the end'],
]

/** A hub that does none of one kind of work. It takes the fees that it is handed, then or when all is over. */
async function openThief(kind: HubDeskRequest['type'], excuse: Excuse, when: When) {
  const orders: HubDeskRequest[] = []
  const thief: { take: (order: HubDeskRequest) => Promise<void> } = { take: async () => {} }
  const desk = pocketing(kind, excuse, async (order) => {
    orders.push(order)
    if (when === 'at once') await thief.take(order)
  })
  const trial = await openTrial(local, { between: { [hubDeskProtocol.id]: desk } })
  trial.gas.wei = (feeMicroUsd * 4n * defaultHubPolicy.weiPerMicroUsd) / 5n
  const takeAll = async () => {
    for (const order of orders) await thief.take(order)
  }
  return { ...trial, thief, orders, takeAll }
}

/** Moves a fee on its own, as anybody may who holds it, where it has not moved yet. */
const pocket = (chain: Chain, fee: TransferAuthorization, { hubAccount }: Trial) =>
  chain.submitTransfers([fee], hubAccount).then(
    () => {},
    () => {},
  )

describe.each(ways)('a hub that %s, and takes its fee %s', (excuse, when) => {
  test('takes one fee of a provider that has it claim again and again', async () => {
    const trial = await openThief('claim', excuse, when)
    const { chain, seller, clock, hub, thief, orders, takeAll } = trial
    thief.take = async (order) => {
      if (order.type === 'claim') await pocket(chain, order.fee, trial)
    }
    await chain.faucet(seller.wallet.address, 1_000n)
    const buyer = await trial.joinBuyer()
    await runAsk(buyer.requester.ask(makeAsk(), never))
    await expect.poll(trial.heldBySeller).toBeGreaterThan(feeMicroUsd)
    const { transport, vouchers, documents, wallet } = seller
    const hubs = createKnownHubs({ transport, clock, network: local.network })
    const served = { keepClaim: async () => {} }
    const ownGas = { claim: () => Promise.reject(new Error('This account has no gas.')) }
    const parts = { vouchers, documents, wallet, clock, hubs, served }
    const settlement = createSettlement({ chain: withOwn(chain, ownGas), ...parts })
    const claimAgain = async () => {
      for (let n = 0; n < attempts; n++) await expect(settlement.claim()).rejects.toThrow()
    }
    await claimAgain()
    expect(orders).toHaveLength(when === 'at once' ? 1 : attempts)
    await takeAll()
    await claimAgain()
    expect(await chain.balance(wallet.address)).toBe(1_000n - feeMicroUsd)
    expect((await settlement.overview()).faithlessHubs).toEqual([hub.terms.account])
    expect(orders).toHaveLength(when === 'at once' ? 1 : attempts)
    // The provider's own claim takes all that it earned.
    trial.gas.wei = 0n
    const earned = await trial.heldBySeller()
    expect(await trial.settle()).toMatchObject({ provider: 1_000n - feeMicroUsd + earned })
  })

  test('takes one fee of a wallet that sends money again and again', async () => {
    const trial = await openThief('transfer', excuse, when)
    const { chain, thief, takeAll, orders } = trial
    thief.take = async (order) => {
      if (order.type === 'transfer') await pocket(chain, order.fee, trial)
    }
    const { payOut, wallet } = await trial.joinBuyer()
    const before = await chain.balance(wallet.address)
    const quote = await payOut.quote()
    const sendAgain = async () => {
      for (let n = 0; n < attempts; n++) {
        await expect(payOut.send(account(77).address, 700n, quote)).rejects.toMatchObject({
          code: expect.stringMatching(/^hub\//),
        })
      }
    }
    await sendAgain()
    await takeAll()
    await sendAgain()
    await expect(payOut.send(account(77).address, 700n, quote)).rejects.toMatchObject({
      code: 'hub/fee-taken',
    })
    expect(await chain.balance(wallet.address)).toBe(before - feeMicroUsd)
    expect(new Set(orders.map((order) => ('fee' in order ? order.fee.nonce : null))).size).toBe(1)
    // It is not asked any more: who has gas sends it without it.
    expect((await payOut.quote()).hub).toBeNull()
    trial.gas.wei = 0n
    await trial.settle()
  })

  test('takes one fee of a requester that wants its money back again and again', async () => {
    const trial = await openThief('refund', excuse, when)
    const { chain, hubAccount, thief, takeAll, orders, hub } = trial
    thief.take = async (order) => {
      if (order.type !== 'refund') return
      const { channel: config, feeVoucher: voucher } = order
      await chain.claim([{ config, voucher, totalClaimed: voucher.maxClaimableAmount }], hubAccount)
    }
    const { requester, wallet, ...buyer } = await trial.joinBuyer()
    const answer = await runAsk(requester.ask(makeAsk(), never))
    const { channelId } = answer.terms
    const depositFee = (await trial.store.totals()).feesMicroUsd
    const gasless = await trial.joinRequester(wallet, buyer, withoutGas(chain))
    const askAgain = async () => {
      for (let n = 0; n < attempts; n++)
        await expect(gasless.withdrawals.takeBack(channelId)).rejects.toThrow()
    }
    await askAgain()
    await takeAll()
    await askAgain()
    const vouchers = orders.map((order) => ('feeVoucher' in order ? order.feeVoucher.maxClaimableAmount : 0n))
    expect(new Set(vouchers)).toEqual(new Set([answer.chargeMicroUsd + depositFee + feeMicroUsd]))
    const owed = (id: Hex) => chain.channel(id).then(({ totalClaimed }) => totalClaimed)
    expect(await owed(channelId)).toBe(answer.chargeMicroUsd + depositFee + feeMicroUsd)
    expect(answer.hub?.account).toBe(hub.terms.account)
    trial.gas.wei = 0n
    const { requester: lost } = await trial.settle()
    expect(lost).toBe(-(answer.chargeMicroUsd + depositFee + feeMicroUsd))
  })
})
