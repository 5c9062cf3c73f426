import { expect, test, vi } from 'vitest'
import { createMemoryChain } from '../../src/chain/memory-chain.ts'
import type { DepositAuthorization } from '../../src/domain/authorization.ts'
import { ChainError } from '../../src/errors/index.ts'
import type { Signer } from '../../src/ports/index.ts'
import { hubDeskProtocol } from '../../src/protocol/protocols.ts'
import { account } from '../fixtures/hub.ts'
import { type Deal, openDeal, wallet } from '../fixtures/hub-deal.ts'
import { faultyDesk } from '../fixtures/hub-faults.ts'
import { withoutGas } from '../fixtures/hub-market.ts'
import { network } from '../fixtures/jobs.ts'
import { hastyClock, makeAsk, never, openMarket, runAsk } from '../fixtures/market.ts'

const depositMicroUsd = 1_000_000n

/** Another tab of the requester's browser, or the same after a reload: nothing is left but what was kept. */
const reload = ({ market, buyer }: Deal) => market.joinRequester(wallet, buyer, withoutGas(market.chain))

/** Has the chain take the requester's first deposit and not confirm it; returns what was sent, and lets it through. */
function leaveUnconfirmed({ market: { chain } }: Deal) {
  const submit = chain.submitDeposit.bind(chain)
  const sent: DepositAuthorization[] = []
  chain.submitDeposit = async (deposit, sender) => {
    const isOurs = deposit.config.payer === wallet.address
    if (isOurs && sent.push(deposit) === 1) {
      throw new ChainError('chain/unconfirmed', 'The transaction was sent and is not confirmed yet.')
    }
    return submit(deposit, sender)
  }
  return { sent, mine: () => submit(sent[0]!, account(77)) }
}

/** What the wallet has left, and what its channels hold. */
async function moneyOf({ market: { chain }, buyer }: Deal) {
  const channels = await buyer.vouchers.channels('payer')
  const states = await Promise.all(channels.map(({ channelId }) => chain.channel(channelId)))
  return { left: await chain.balance(wallet.address), held: states.map(({ balance }) => balance) }
}

const once = { left: depositMicroUsd, held: [depositMicroUsd] }

test.each(['lost before', 'lost after'] as const)(
  'a deposit whose answer was %s is made once, a reload between',
  async (fault) => {
    let faults = 0
    const desk = faultyDesk(({ type }) => (type === 'deposit' && faults++ === 0 ? fault : null))
    const deal = await openDeal({ between: { [hubDeskProtocol.id]: desk }, clock: hastyClock })
    const first = runAsk(deal.buyer.requester.ask(makeAsk(), never))
    if (fault === 'lost before') await expect(first).rejects.toMatchObject({ code: 'hub/no-answer' })
    else expect((await first).error).toBeNull()
    const { requester } = await reload(deal)
    expect((await runAsk(requester.ask(makeAsk(), never))).error).toBeNull()
    expect(await moneyOf(deal)).toEqual(once)
    await deal.stop()
  },
)

test.each([
  ['comes late', true],
  ['never came', false],
] as const)(
  'a deposit that the hub did not see confirmed, and that %s, is made once',
  async (_how, isLate) => {
    const deal = await openDeal({ clock: hastyClock })
    const { sent, mine } = leaveUnconfirmed(deal)
    await expect(runAsk(deal.buyer.requester.ask(makeAsk(), never))).rejects.toMatchObject({
      code: 'hub/no-answer',
    })
    if (isLate) await mine()
    const { requester } = await reload(deal)
    expect((await runAsk(requester.ask(makeAsk(), never))).error).toBeNull()
    expect(await moneyOf(deal)).toEqual(once)
    expect(new Set(sent.map(({ collectorData }) => collectorData)).size).toBe(1)
    await deal.stop()
  },
)

test('a deposit that never came is signed anew once it has ended', async () => {
  let aheadMs = 0
  const chain = createMemoryChain(network, { nowMs: () => Date.now() + aheadMs })
  const deal = await openDeal({ clock: hastyClock, chain })
  const { mine } = leaveUnconfirmed(deal)
  await expect(runAsk(deal.buyer.requester.ask(makeAsk(), never))).rejects.toMatchObject({
    code: 'hub/no-answer',
  })
  aheadMs = 3_601_000
  const { requester } = await reload(deal)
  expect((await runAsk(requester.ask(makeAsk(), never))).error).toBeNull()
  expect(await moneyOf(deal)).toEqual(once)
  await expect(mine()).rejects.toMatchObject({ code: 'chain/reverted' })
  await deal.stop()
})

test('a direct deposit that was not seen confirmed is made once', async () => {
  const market = openMarket()
  await market.joinProvider()
  const { requester, vouchers, wallet: payer } = await market.joinRequester()
  const { chain } = market
  const submit = vi.spyOn(chain, 'submitDeposit')
  submit.mockRejectedValueOnce(new ChainError('chain/unconfirmed', 'Sent and not confirmed yet.'))
  await expect(runAsk(requester.ask(makeAsk(), never))).rejects.toMatchObject({ code: 'chain/unconfirmed' })
  const [[deposit, sender]] = submit.mock.calls as [[DepositAuthorization, Signer]]
  await chain.submitDeposit(deposit, sender)
  const before = await chain.balance(payer.address)
  expect((await runAsk(requester.ask(makeAsk(), never))).error).toBeNull()
  expect(await chain.balance(payer.address)).toBe(before)
  expect(await vouchers.channels('payer')).toHaveLength(1)
})
