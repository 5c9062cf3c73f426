import { createMemoryAccount } from '../../src/chain/key-signer.ts'
import { type ConformanceCase, assert, assertEqual, assertRejects } from './case.ts'
import { type ChainSubject, isTransaction, openFunded, withdrawDelay } from './chain-scene.ts'

/** What chain adapters promise of money that a receiver gives back. */
export const refundingChainCases: ConformanceCase<ChainSubject>[] = [
  {
    name: 'a refund claims what is owed and gives the rest back at once',
    async run(subject) {
      const { chain, payer, receiver, config, channelId, claimOf } = await openFunded(subject)
      await chain.initiateWithdraw(config, 100n, payer)
      const claim = await claimOf(120n)
      const { transaction, refundedMicroUsd } = await chain.refund(config, claim, receiver)
      assert(isTransaction(transaction), 'transaction')
      assertEqual(refundedMicroUsd, 380n, 'refunded')
      assertEqual(await chain.balance(payer.address), 880n, 'payer')
      const left = { balance: 120n, totalClaimed: 120n, withdrawal: null }
      assertEqual(await chain.channel(channelId), left, 'channel')
      assertEqual((await chain.refund(config, null, receiver)).refundedMicroUsd, 0n, 'again')
      assertEqual((await chain.claim([], receiver)).settledMicroUsd, 120n, 'settled later')
    },
  },
  {
    name: 'a refund with a number happens once, as that one of its channel',
    async run(subject) {
      const { chain, payer, session, receiver, config, channelId, claimOf } = await openFunded(subject)
      assertEqual(await chain.refunds(channelId), 0n, 'none yet')
      await assertRejects(chain.refund(config, null, receiver, { number: 1n }), 'chain/reverted')
      await assertRejects(chain.refund(config, null, session, { number: 0n }), 'chain/reverted')
      const claim = await claimOf(120n)
      const { refundedMicroUsd } = await chain.refund(config, claim, receiver, { number: 0n })
      assertEqual([refundedMicroUsd, await chain.refunds(channelId)], [380n, 1n], 'first')
      await chain.deposit(config, 200n, payer)
      await assertRejects(chain.refund(config, claim, receiver, { number: 0n }), 'chain/reverted')
      assertEqual((await chain.channel(channelId)).balance, 320n, 'deposited after it')
      await chain.refund(config, null, receiver)
      assertEqual(await chain.refunds(channelId), 2n, 'without a number')
    },
  },
  {
    name: 'only the receiver refunds, and nothing when its claim would revert',
    async run(subject) {
      const { chain, payer, receiver, config, channelId, claimOf } = await openFunded(subject)
      await assertRejects(chain.refund(config, null, payer), 'chain/reverted')
      const forged = await claimOf(10n, createMemoryAccount())
      await assertRejects(chain.refund(config, forged, receiver), 'chain/reverted')
      assertEqual((await chain.channel(channelId)).balance, 500n, 'channel')
    },
  },
  {
    name: 'a refund after an announced withdrawal leaves nothing to withdraw',
    async run(subject) {
      const { chain, payer, receiver, config } = await openFunded(subject)
      await chain.initiateWithdraw(config, 500n, payer)
      await chain.refund(config, null, receiver)
      await subject.advance(withdrawDelay)
      await assertRejects(chain.finalizeWithdraw(config, payer), 'chain/reverted')
      assertEqual(await chain.balance(payer.address), 1_000n, 'payer')
    },
  },
]
