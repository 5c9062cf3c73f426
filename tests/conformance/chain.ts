import { parseSignature, serializeSignature, toHex } from 'viem'
import { createMemoryAccount } from '../../src/chain/key-signer.ts'
import type { ChannelClaim } from '../../src/domain/channel.ts'
import { channelIdOf } from '../../src/ledger/channel-id.ts'
import { signVoucher } from '../../src/ledger/sign-voucher.ts'
import { type ConformanceCase, assert, assertEqual, assertRejects } from './case.ts'
import { type ChainSubject, isTransaction, nextSalt, open, openFunded, withdrawDelay } from './chain-scene.ts'

const curveOrder = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n

/** What every chain adapter promises. */
export const chainCases: ConformanceCase<ChainSubject>[] = [
  {
    name: 'the faucet gives money and gas',
    async run(subject) {
      const { chain, payer } = await open(subject, 1_234n)
      assertEqual(await chain.balance(payer.address), 1_234n, 'balance')
      assert((await chain.gasBalance(payer.address)) > 0n, 'gas')
    },
  },
  {
    name: 'many may use the faucet at once',
    async run({ chain }) {
      const owners = Array.from({ length: 5 }, () => createMemoryAccount().address)
      await Promise.all(owners.map((owner) => chain.faucet(owner, 3n)))
      const balances = await Promise.all(owners.map((owner) => chain.balance(owner)))
      assertEqual(
        balances,
        owners.map(() => 3n),
        'balances',
      )
    },
  },
  {
    name: 'there is no faucet elsewhere',
    async run({ foreign }) {
      await assertRejects(foreign.faucet(createMemoryAccount().address, 1n), 'chain/not-local')
    },
  },
  {
    name: 'an unknown channel and receiver hold nothing',
    async run({ chain }) {
      const nothing = { balance: 0n, totalClaimed: 0n, withdrawal: null }
      assertEqual(await chain.channel(toHex(0, { size: 32 })), nothing, 'channel')
      const { address } = createMemoryAccount()
      assertEqual(await chain.receiver(address), { totalClaimed: 0n, totalSettled: 0n }, 'receiver')
      assertEqual(await chain.balance(address), 0n, 'balance')
    },
  },
  {
    name: 'deposits move money from the payer into the channel',
    async run(subject) {
      const { chain, payer, config, channelId } = await open(subject)
      assert(isTransaction(await chain.deposit(config, 300n, payer)), 'transaction')
      await chain.deposit(config, 200n, payer)
      assertEqual((await chain.channel(channelId)).balance, 500n, 'channel')
      assertEqual(await chain.balance(payer.address), 500n, 'payer')
    },
  },
  {
    name: 'a deposit above the balance is refused',
    async run(subject) {
      const { chain, payer, config, channelId } = await open(subject, 100n)
      await assertRejects(chain.deposit(config, 101n, payer), 'chain/insufficient-funds')
      assertEqual((await chain.channel(channelId)).balance, 0n, 'channel')
    },
  },
  {
    name: 'terms that leave no time to claim are refused',
    async run(subject) {
      const { chain, payer, config } = await open(subject)
      const hasty = { ...config, withdrawDelay: withdrawDelay - 1 }
      await assertRejects(chain.deposit(hasty, 1n, payer), 'chain/reverted')
      await assertRejects(chain.deposit(config, 0n, payer), 'chain/reverted')
    },
  },
  {
    name: 'a deposit needs the payer',
    async run(subject) {
      const { chain, config } = await open(subject)
      await assertRejects(chain.deposit(config, 1n, createMemoryAccount()), 'chain/reverted')
    },
  },
  {
    name: 'a claim pays the receiver what the voucher says',
    async run(subject) {
      const { chain, receiver, channelId, claimOf } = await openFunded(subject)
      const result = await chain.claim([await claimOf(120n)], receiver)
      assert(isTransaction(result.transaction), 'transaction')
      assertEqual([result.settledMicroUsd, result.skipped], [120n, []], 'result')
      assertEqual(await chain.balance(receiver.address), 120n, 'receiver')
      assertEqual(
        await chain.receiver(receiver.address),
        { totalClaimed: 120n, totalSettled: 120n },
        'totals',
      )
      const state = await chain.channel(channelId)
      assertEqual([state.balance, state.totalClaimed], [500n, 120n], 'channel')
    },
  },
  {
    name: 'a later voucher pays the difference',
    async run(subject) {
      const { chain, receiver, claimOf } = await openFunded(subject)
      await chain.claim([await claimOf(120n)], receiver)
      const { settledMicroUsd } = await chain.claim([await claimOf(200n)], receiver)
      assertEqual(settledMicroUsd, 80n, 'settled')
      assertEqual(await chain.balance(receiver.address), 200n, 'receiver')
    },
  },
  {
    name: 'a voucher claimed before costs nothing and pays nothing',
    async run(subject) {
      const { chain, receiver, claimOf } = await openFunded(subject)
      await chain.claim([await claimOf(120n)], receiver)
      for (const claims of [[await claimOf(120n)], [await claimOf(80n)], []]) {
        const result = await chain.claim(claims, receiver)
        assertEqual(result, { transaction: null, settledMicroUsd: 0n, skipped: [] }, 'result')
      }
    },
  },
  {
    name: 'the claims on a channel are told to anybody, from a time on',
    async run(subject) {
      const { chain, receiver, channelId, claimOf, config } = await openFunded(subject)
      assertEqual(await chain.claimsOn(channelId, 0), [], 'none yet')
      const first = await chain.claim([await claimOf(120n)], receiver)
      await subject.advance(10)
      const second = await chain.claim([await claimOf(200n)], receiver)
      await chain.refund(config, await claimOf(250n), receiver)
      const claims = await chain.claimsOn(channelId, 0)
      assertEqual(
        claims.map(({ totalClaimed }) => totalClaimed),
        [120n, 200n, 250n],
        'totals',
      )
      assertEqual(
        claims.slice(0, 2).map(({ transaction }) => transaction),
        [first.transaction, second.transaction],
        'transactions',
      )
      const [, { atSeconds }] = claims as [unknown, { atSeconds: number }]
      assertEqual(await chain.claimsOn(channelId, atSeconds), claims.slice(1), 'since the second')
      assertEqual(await chain.claimsOn(toHex(0, { size: 32 }), 0), [], 'of another channel')
    },
  },
  {
    name: 'what would revert is left out and named',
    async run(subject) {
      const good = await openFunded(subject)
      const { chain, payer, receiver } = good
      const overdrawn = await good.claimOf(60n)
      const config = { ...good.config, salt: nextSalt() }
      const channelId = channelIdOf(config, chain.network)
      await chain.deposit(config, 50n, payer)
      overdrawn.config = config
      overdrawn.voucher = await signVoucher(channelId, 60n, chain.network, good.session)
      const forgedConfig = { ...good.config, salt: nextSalt() }
      const forgedId = channelIdOf(forgedConfig, chain.network)
      await chain.deposit(forgedConfig, 50n, payer)
      const forged: ChannelClaim = {
        config: forgedConfig,
        voucher: await signVoucher(forgedId, 10n, chain.network, createMemoryAccount()),
        totalClaimed: 10n,
      }
      const result = await chain.claim([overdrawn, await good.claimOf(70n), forged], receiver)
      assertEqual([result.settledMicroUsd, result.skipped], [70n, [channelId, forgedId]], 'result')
      assertEqual(await chain.balance(receiver.address), 70n, 'receiver')
    },
  },
  {
    name: 'a signature that only a lenient reader takes is left out',
    async run(subject) {
      const { chain, receiver, channelId, claimOf } = await openFunded(subject)
      const claim = await claimOf(10n)
      const { r, s, yParity } = parseSignature(claim.voucher.signature)
      const twin = { r, s: toHex(curveOrder - BigInt(s), { size: 32 }), yParity: 1 - yParity }
      claim.voucher = { ...claim.voucher, signature: serializeSignature(twin) }
      const result = await chain.claim([claim], receiver)
      assertEqual(result, { transaction: null, settledMicroUsd: 0n, skipped: [channelId] }, 'result')
    },
  },
  {
    name: 'a stranger cannot claim',
    async run(subject) {
      const { chain, channelId, claimOf } = await openFunded(subject)
      const result = await chain.claim([await claimOf(10n)], createMemoryAccount())
      assertEqual(result, { transaction: null, settledMicroUsd: 0n, skipped: [channelId] }, 'result')
    },
  },
  {
    name: 'one account may act many times at once',
    async run(subject) {
      const { chain, payer, config, channelId } = await open(subject)
      await Promise.all([10n, 20n, 30n].map((amount) => chain.deposit(config, amount, payer)))
      assertEqual((await chain.channel(channelId)).balance, 60n, 'channel')
    },
  },
  {
    name: 'unspent money goes back after the announced delay',
    async run(subject) {
      const { chain, payer, receiver, config, channelId, claimOf } = await openFunded(subject)
      await assertRejects(chain.finalizeWithdraw(config, payer), 'chain/reverted')
      await chain.initiateWithdraw(config, 400n, payer)
      const { withdrawal } = await chain.channel(channelId)
      assertEqual(withdrawal?.amount, 400n, 'announced')
      assert((withdrawal?.initiatedAtSeconds ?? 0) > 0, 'since')
      await assertRejects(chain.finalizeWithdraw(config, payer), 'chain/reverted')
      await chain.claim([await claimOf(300n)], receiver)
      await subject.advance(withdrawDelay)
      await chain.finalizeWithdraw(config, payer)
      assertEqual(await chain.balance(payer.address), 700n, 'payer')
      const left = { balance: 300n, totalClaimed: 300n, withdrawal: null }
      assertEqual(await chain.channel(channelId), left, 'channel')
    },
  },
  {
    name: 'only the payer withdraws',
    async run(subject) {
      const { chain, receiver, config } = await openFunded(subject)
      await assertRejects(chain.initiateWithdraw(config, 1n, receiver), 'chain/reverted')
    },
  },
]
