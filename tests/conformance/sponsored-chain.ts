import { createMemoryAccount } from '../../src/chain/key-signer.ts'
import type { ClaimAuthorization } from '../../src/domain/authorization.ts'
import type { ChannelClaim, ChannelConfig } from '../../src/domain/channel.ts'
import { channelIdOf } from '../../src/ledger/channel-id.ts'
import { signVoucher } from '../../src/ledger/sign-voucher.ts'
import { HubError } from '../../src/errors/index.ts'
import type { Admit, Chain } from '../../src/ports/chain.ts'
import type { Signer } from '../../src/ports/signer.ts'
import { type ConformanceCase, assert, assertEqual, assertRejects } from './case.ts'
import { type ChainSubject, balancesOf, isTransaction, nextSalt, open, openFunded } from './chain-scene.ts'

const nothing = { transaction: null, settledMicroUsd: 0n, skipped: [] }

/** An owner with money and no gas at all. */
async function gasless(chain: Chain, amount: bigint): Promise<Signer> {
  const [owner, giver] = [createMemoryAccount(), createMemoryAccount()]
  await chain.faucet(giver.address, amount)
  const gift = await chain.authorizeTransfer(owner.address, amount, giver)
  await chain.submitTransfers([gift], createMemoryAccount())
  return owner
}

async function openGasless(subject: ChainSubject, amount = 500n) {
  const channel = await open(subject, 0n)
  const payer = await gasless(subject.chain, amount)
  return { ...channel, payer, config: { ...channel.config, payer: payer.address } satisfies ChannelConfig }
}

/** What chain adapters promise of what some sign and others send. */
export const sponsoredChainCases: ConformanceCase<ChainSubject>[] = [
  {
    name: 'an account without gas deposits, is paid and moves its money out',
    async run(subject) {
      const { chain, payer, session, receiver, config } = await openGasless(subject)
      const hub = createMemoryAccount()
      const deposit = await chain.authorizeDeposit(config, 500n, payer)
      assert(isTransaction(await chain.submitDeposit(deposit, hub)), 'deposit')
      const voucher = await signVoucher(channelIdOf(config, chain.network), 120n, chain.network, session)
      const signed = await chain.authorizeClaim([{ config, voucher, totalClaimed: 120n }], receiver)
      const claimFee = await chain.authorizeTransfer(hub.address, 20n, receiver)
      const result = await chain.submitClaim(signed, claimFee, hub)
      assert(isTransaction(result.transaction), 'claim')
      assertEqual([result.settledMicroUsd, result.skipped], [120n, []], 'result')
      const away = createMemoryAccount()
      const moved = await chain.authorizeTransfer(away.address, 90n, receiver)
      const moveFee = await chain.authorizeTransfer(hub.address, 10n, receiver)
      await chain.submitTransfers([moved, moveFee], hub)
      assertEqual(await balancesOf(chain, payer, receiver, away, hub), [0n, 0n, 90n, 30n], 'balances')
      for (const { address } of [payer, receiver, session, away]) {
        assertEqual(await chain.gasBalance(address), 0n, 'gas')
      }
    },
  },
  {
    name: 'a signed deposit serves once, and as it was signed',
    async run(subject) {
      const { chain, payer, config, channelId } = await open(subject)
      const deposit = await chain.authorizeDeposit(config, 100n, payer)
      const sender = createMemoryAccount()
      for (const changed of [
        { ...deposit, amount: 101n },
        { ...deposit, config: { ...config, salt: nextSalt() } },
        { ...deposit, collectorData: '0x' as const },
        { ...deposit, collector: chain.network.token },
      ]) {
        await assertRejects(chain.submitDeposit(changed, sender), 'chain/reverted')
      }
      await chain.submitDeposit(deposit, sender)
      await assertRejects(chain.submitDeposit(deposit, sender), 'chain/reverted')
      assertEqual((await chain.channel(channelId)).balance, 100n, 'channel')
      assertEqual(await chain.balance(payer.address), 900n, 'payer')
    },
  },
  {
    name: 'a signed deposit ends',
    async run(subject) {
      const { chain, payer, config } = await open(subject)
      const deposit = await chain.authorizeDeposit(config, 100n, payer)
      await subject.advance(3601)
      await assertRejects(chain.submitDeposit(deposit, createMemoryAccount()), 'chain/reverted')
    },
  },
  {
    name: 'a signed deposit or transfer is open until it has happened or ended',
    async run(subject) {
      const { chain, payer, receiver, config } = await open(subject)
      const [made, left] = [
        await chain.authorizeDeposit(config, 100n, payer),
        await chain.authorizeDeposit(config, 100n, payer),
      ]
      const [moved, kept] = [
        await chain.authorizeTransfer(receiver.address, 10n, payer),
        await chain.authorizeTransfer(receiver.address, 10n, payer),
      ]
      const states = () =>
        Promise.all([made, left, moved, kept].map((signed) => chain.authorizationState(signed)))
      assertEqual(await states(), ['open', 'open', 'open', 'open'], 'before')
      await chain.submitDeposit(made, createMemoryAccount())
      await chain.submitTransfers([moved], createMemoryAccount())
      assertEqual(await states(), ['used', 'open', 'used', 'open'], 'after')
      await subject.advance(3601)
      assertEqual(await states(), ['used', 'ended', 'used', 'ended'], 'an hour later')
    },
  },
  {
    name: 'a deposit above the balance is not even signed',
    async run(subject) {
      const { chain, payer, config } = await open(subject, 100n)
      await assertRejects(chain.authorizeDeposit(config, 101n, payer), 'chain/insufficient-funds')
    },
  },
  {
    name: 'a claim is signed without what would revert or bring nothing',
    async run(subject) {
      const good = await openFunded(subject)
      const { chain, receiver } = good
      const poor = await open(subject)
      const strange = await openFunded(subject)
      const claim = await good.claimOf(70n)
      const signed = await chain.authorizeClaim(
        [await poor.claimOf(10n), claim, await strange.claimOf(5n)],
        receiver,
      )
      assertEqual(signed.claims, [claim], 'claims')
      await chain.submitClaim(signed, null, createMemoryAccount())
      assertEqual(await chain.balance(receiver.address), 70n, 'receiver')
      assertEqual(await chain.authorizeClaim([claim], receiver), { claims: [], signature: '0x' }, 'again')
    },
  },
  {
    name: 'a signed claim sent twice pays once and costs one fee',
    async run(subject) {
      const { chain, receiver, claimOf } = await openFunded(subject)
      const hub = createMemoryAccount()
      const signed = await chain.authorizeClaim([await claimOf(100n)], receiver)
      const [first, second] = [
        await chain.authorizeTransfer(hub.address, 10n, receiver),
        await chain.authorizeTransfer(hub.address, 10n, receiver),
      ]
      await chain.submitClaim(signed, first, hub)
      assertEqual(await chain.submitClaim(signed, second, hub), nothing, 'second time')
      assertEqual(await balancesOf(chain, receiver, hub), [90n, 10n], 'balances')
    },
  },
  {
    name: 'a claim signed by another, or changed since, is refused whole',
    async run(subject) {
      const { chain, receiver, channelId, claimOf } = await openFunded(subject)
      const stranger = createMemoryAccount()
      const claim = await claimOf(100n)
      const less: ChannelClaim = { ...claim, totalClaimed: 40n }
      const signed = await chain.authorizeClaim([less], receiver)
      const foreign = await openFunded(subject)
      const others = await chain.authorizeClaim([await foreign.claimOf(9n)], foreign.receiver)
      const forged: ClaimAuthorization[] = [
        { claims: [claim], signature: signed.signature },
        { claims: [less], signature: others.signature },
        { claims: [...signed.claims, ...others.claims], signature: signed.signature },
        { claims: [less], signature: '0x' },
        { claims: [], signature: signed.signature },
      ]
      for (const one of forged) await assertRejects(chain.submitClaim(one, null, stranger), 'chain/reverted')
      assertEqual((await chain.channel(channelId)).totalClaimed, 0n, 'claimed')
      await chain.submitClaim(signed, null, stranger)
      assertEqual(await chain.balance(receiver.address), 40n, 'receiver')
    },
  },
  {
    name: 'a signed claim that has lost its money is refused whole',
    async run(subject) {
      const { chain, receiver, config, channelId, claimOf } = await openFunded(subject)
      const signed = await chain.authorizeClaim([await claimOf(100n)], receiver)
      await chain.refund(config, null, receiver)
      await assertRejects(chain.submitClaim(signed, null, createMemoryAccount()), 'chain/reverted')
      assertEqual((await chain.channel(channelId)).totalClaimed, 0n, 'claimed')
    },
  },
  {
    name: 'a fee above what is settled undoes the claim',
    async run(subject) {
      const { chain, receiver, channelId, claimOf } = await openFunded(subject)
      const hub = createMemoryAccount()
      const signed = await chain.authorizeClaim([await claimOf(100n)], receiver)
      const fee = await chain.authorizeTransfer(hub.address, 101n, receiver)
      await assertRejects(chain.submitClaim(signed, fee, hub), 'chain/reverted')
      assertEqual((await chain.channel(channelId)).totalClaimed, 0n, 'claimed')
      assertEqual(await balancesOf(chain, receiver, hub), [0n, 0n], 'balances')
      const all = await chain.authorizeTransfer(hub.address, 100n, receiver)
      await chain.submitClaim(signed, all, hub)
      assertEqual(await balancesOf(chain, receiver, hub), [0n, 100n], 'balances after')
    },
  },
  {
    name: 'a signed transfer serves once, and as it was signed',
    async run({ chain }) {
      const owner = await gasless(chain, 100n)
      const [to, sender] = [createMemoryAccount(), createMemoryAccount()]
      const transfer = await chain.authorizeTransfer(to.address, 40n, owner)
      for (const changed of [
        { ...transfer, amount: 41n },
        { ...transfer, to: sender.address },
        { ...transfer, validBeforeSeconds: transfer.validBeforeSeconds + 1 },
        { ...transfer, signature: '0x12' as const },
      ]) {
        await assertRejects(chain.submitTransfers([changed], sender), 'chain/reverted')
      }
      await chain.submitTransfers([transfer], sender)
      await assertRejects(chain.submitTransfers([transfer], sender), 'chain/reverted')
      assertEqual(await balancesOf(chain, owner, to), [60n, 40n], 'balances')
    },
  },
  {
    name: 'of transfers that are signed in place of one another one happens',
    async run({ chain }) {
      const owner = await gasless(chain, 100n)
      const [to, other, sender] = [createMemoryAccount(), createMemoryAccount(), createMemoryAccount()]
      const first = await chain.authorizeTransfer(to.address, 40n, owner)
      const second = await chain.authorizeTransfer(other.address, 50n, owner, first)
      assertEqual(await chain.authorizationState(first), 'open', 'the first is open')
      await chain.submitTransfers([second], sender)
      await assertRejects(chain.submitTransfers([first], sender), 'chain/reverted')
      assertEqual(await chain.authorizationState(first), 'used', 'the first has ended with the second')
      assertEqual(await balancesOf(chain, owner, to, other), [50n, 0n, 50n], 'balances')
    },
  },
  {
    name: 'transfers that are sent together all happen or none',
    async run({ chain }) {
      const owner = await gasless(chain, 100n)
      const [to, sender] = [createMemoryAccount(), createMemoryAccount()]
      const some = await chain.authorizeTransfer(to.address, 60n, owner)
      const tooMuch = await chain.authorizeTransfer(to.address, 60n, owner)
      await assertRejects(chain.submitTransfers([some, tooMuch], sender), 'chain/reverted')
      assertEqual(await balancesOf(chain, owner, to), [100n, 0n], 'balances')
    },
  },
  {
    name: 'gas has a price, and more channels cost more',
    async run({ chain }) {
      for (const action of ['deposit', 'claim', 'refund', 'transfer'] as const) {
        assert((await chain.gasCost(action)) > 0n, action)
      }
      assert((await chain.gasCost('claim', 10)) > (await chain.gasCost('claim')), 'more channels')
    },
  },
  {
    name: 'what would pass is asked about once before it is sent, and stopped by a no',
    async run(subject) {
      const { chain, payer, receiver, config, channelId, claimOf } = await openFunded(subject)
      const hub = createMemoryAccount()
      const deposit = await chain.authorizeDeposit(config, 100n, payer)
      const signed = await chain.authorizeClaim([await claimOf(120n)], receiver)
      const moved = await chain.authorizeTransfer(hub.address, 50n, payer)
      const claim = await claimOf(130n)
      const sendAll: ((admit: Admit) => Promise<unknown>)[] = [
        (admit) => chain.submitDeposit(deposit, hub, admit),
        (admit) => chain.submitClaim(signed, null, hub, admit),
        (admit) => chain.submitTransfers([moved], hub, admit),
        (admit) => chain.refund(config, claim, receiver, { admit }),
      ]
      const before = await chain.channel(channelId)
      for (const send of sendAll) {
        const refused = send(() => Promise.reject(new HubError('hub/busy', 'No.')))
        await assertRejects(refused, 'hub/busy')
      }
      assertEqual(await chain.channel(channelId), before, 'channel after a no')
      for (const send of sendAll) {
        let asked = 0
        await send(async () => void (asked += 1))
        assertEqual(asked, 1, 'asked')
      }
      assertEqual(
        await chain.channel(channelId),
        { balance: 130n, totalClaimed: 130n, withdrawal: null },
        'end',
      )
    },
  },
  {
    name: 'what would not pass is not asked about',
    async run(subject) {
      const { chain, payer, receiver, config, claimOf } = await openFunded(subject)
      const hub = createMemoryAccount()
      let asked = 0
      const admit: Admit = async () => void (asked += 1)
      const deposit = await chain.authorizeDeposit(config, 100n, payer)
      const moved = await chain.authorizeTransfer(hub.address, 50n, payer)
      const signed = await chain.authorizeClaim([await claimOf(120n)], receiver)
      await assertRejects(chain.submitDeposit({ ...deposit, amount: 99n }, hub, admit), 'chain/reverted')
      await assertRejects(chain.submitTransfers([{ ...moved, amount: 51n }], hub, admit), 'chain/reverted')
      await assertRejects(chain.refund(config, await claimOf(501n), receiver, { admit }), 'chain/reverted')
      await chain.submitClaim(signed, null, hub)
      assertEqual(await chain.submitClaim(signed, null, hub, admit), nothing, 'nothing new')
      assertEqual(asked, 0, 'asked')
    },
  },
]
