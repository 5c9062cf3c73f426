import { createMemoryAccount } from '../../src/chain/key-signer.ts'
import { type ConformanceCase, assert, assertEqual } from './case.ts'
import { type ChainSubject, balancesOf, openFunded } from './chain-scene.ts'

/** What chain adapters promise of channels that pay by way of the earnings bond. */
export const bondedChainCases: ConformanceCase<ChainSubject>[] = [
  {
    name: 'the bond holds the newest earnings and pays out the rest',
    async run(subject) {
      const { chain } = subject
      const { bond } = chain.network
      assert(bond !== undefined, 'a network with a bond')
      const funds = 200_000n
      const { receiver, claimOf } = await openFunded(subject, funds, funds, bond)
      const first = await chain.claim([await claimOf(60_000n)], receiver)
      assertEqual([first.settledMicroUsd, first.skipped], [60_000n, []], 'settled')
      assertEqual(await chain.balance(receiver.address), 10_000n, 'paid above the target')
      const account = await chain.bond(receiver.address)
      assertEqual(
        [account?.freeMicroUsd, account?.heldMicroUsd, account?.lockedMicroUsd, account?.targetMicroUsd],
        [0n, 50_000n, 0n, 50_000n],
        'account',
      )
      assertEqual(
        account?.held.map(({ amountMicroUsd }) => amountMicroUsd),
        [50_000n],
        'parts',
      )

      const hub = createMemoryAccount()
      const signed = await chain.authorizeClaim([await claimOf(90_000n)], receiver)
      const fee = await chain.authorizeTransfer(hub.address, 5_000n, receiver)
      await chain.submitClaim(signed, fee, hub)
      assertEqual(await balancesOf(chain, receiver, hub), [35_000n, 5_000n], 'paid the oldest')
    },
  },
  {
    name: 'what the bond held long enough is paid with a claim, a transfer or on request',
    async run(subject) {
      const { chain } = subject
      const { receiver, config, claimOf } = await openFunded(subject, 500n, 500n, chain.network.bond)
      const hub = createMemoryAccount()
      await chain.claim([await claimOf(100n)], receiver)
      const releaseAtSeconds = (await chain.bond(receiver.address))?.held[0]?.releaseAtSeconds
      await subject.advance(4_200)
      assertEqual((await chain.bond(receiver.address))?.freeMicroUsd, 100n, 'free')
      await chain.submitTransfers([await chain.authorizeTransfer(hub.address, 100n, receiver)], hub)
      assertEqual(await balancesOf(chain, receiver, hub), [0n, 100n], 'moved out of the bond')

      await chain.claim([await claimOf(150n)], receiver)
      const next = await chain.bond(receiver.address)
      assertEqual([next?.freeMicroUsd, next?.heldMicroUsd], [0n, 50n], 'held anew')
      assert((next?.held[0]?.releaseAtSeconds ?? 0) > (releaseAtSeconds ?? Infinity), 'for later')
      await subject.advance(4_200)
      assertEqual((await chain.withdrawBond([config], receiver.address, hub)).paidMicroUsd, 50n, 'paid')
      assertEqual((await chain.withdrawBond([], receiver.address, hub)).paidMicroUsd, 0n, 'once')
      assertEqual(await chain.balance(receiver.address), 50n, 'receiver')
    },
  },
]
