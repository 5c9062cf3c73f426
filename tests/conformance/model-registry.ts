import { toHex } from 'viem'
import { createMemoryAccount } from '../../src/chain/key-signer.ts'
import type { Address } from '../../src/domain/bytes.ts'
import type { ModelRegistration } from '../../src/domain/model.ts'
import { type ConformanceCase, assert, assertEqual, assertRejects } from './case.ts'
import { type ChainSubject, isTransaction, nextSalt, open } from './chain-scene.ts'

const source = 'https://models.example/one/'

/** A model that nobody has listed yet. */
function freshModel(change: Partial<ModelRegistration> = {}): ModelRegistration {
  return { modelId: nextSalt(), royaltyBps: 500, sources: [source], ...change }
}

/** What a registry of models promises, and the chain that it is on. */
export const modelRegistryCases: ConformanceCase<ChainSubject>[] = [
  {
    name: 'a listed model is found, the newest first',
    async run({ chain }) {
      const publisher = createMemoryAccount()
      const [first, second] = [freshModel(), freshModel({ sources: [], royaltyBps: 0 })]
      const { transaction, listingId } = await chain.registerModel(first, publisher)
      assert(isTransaction(transaction), 'transaction')
      await chain.registerModel(second, publisher)
      const listings = await chain.listings(0, 2)
      assertEqual(
        listings.map(({ modelId }) => modelId),
        [second.modelId, first.modelId],
        'order',
      )
      const { publisher: owner, royaltyBps, sources, isDeprecated } = listings[1]!
      assertEqual(
        [listings[1]?.listingId, owner, royaltyBps, sources, isDeprecated],
        [listingId, publisher.address, 500, [source], false],
        'as it was registered',
      )
      assertEqual((await chain.listings(1, 1))[0]?.modelId, first.modelId, 'the second page')
      assertEqual(await chain.listings(1_000_000, 5), [], 'beyond the last')
    },
  },
  {
    name: 'a listing is found by its model and publisher, whatever else is listed',
    async run({ chain }) {
      const [publisher, other] = [createMemoryAccount(), createMemoryAccount()]
      const model = freshModel()
      const { listingId } = await chain.registerModel(model, publisher)
      await chain.registerModel({ ...model, royaltyBps: 0, sources: [] }, other)
      const found = await chain.listing(model.modelId, publisher.address)
      assertEqual(found, (await chain.listings(1, 1))[0], 'as it is listed')
      assertEqual(found?.listingId, listingId, 'its id')
      const lower = publisher.address.toLowerCase() as Address
      assertEqual((await chain.listing(model.modelId, lower))?.listingId, listingId, 'in lower case')
      assertEqual((await chain.listing(model.modelId, other.address))?.royaltyBps, 0, 'the other one')
      assertEqual(await chain.listing(freshModel().modelId, publisher.address), null, 'another model')
    },
  },
  {
    name: 'a listing is made once, within its bounds',
    async run({ chain }) {
      const publisher = createMemoryAccount()
      const model = freshModel()
      await chain.registerModel(model, publisher)
      await assertRejects(chain.registerModel(model, publisher), 'chain/reverted')
      await chain.registerModel(model, createMemoryAccount())
      const wrong: Partial<ModelRegistration>[] = [
        { modelId: toHex(0, { size: 32 }) },
        { royaltyBps: 3001 },
        { sources: Array.from({ length: 9 }, () => source) },
        { sources: [''] },
        { sources: ['a'.repeat(513)] },
      ]
      for (const change of wrong) {
        await assertRejects(chain.registerModel(freshModel(change), publisher), 'chain/reverted')
      }
    },
  },
  {
    name: 'what a listing costs is known before',
    async run({ chain }) {
      const { address } = createMemoryAccount()
      assert((await chain.registrationCost(freshModel(), address)) > 0n, 'gas')
    },
  },
  {
    name: 'a channel that names a listing pays its royalty on claim',
    async run(subject) {
      const { chain } = subject
      const publisher = createMemoryAccount()
      const { listingId } = await chain.registerModel(freshModel({ royaltyBps: 1_000 }), publisher)
      const { payer, receiver, claimOf, config } = await open(subject, 10_000n, chain.network.bond, listingId)
      await chain.deposit(config, 5_000n, payer)
      await chain.claim([await claimOf(999n)], receiver)
      assertEqual((await chain.bond(publisher.address))?.freeMicroUsd, 99n, 'a tenth, rounded down')
      assertEqual((await chain.bond(receiver.address))?.heldMicroUsd, 900n, 'the rest')
      const paid = await chain.withdrawBond([], publisher.address, publisher)
      assertEqual(paid.paidMicroUsd, 99n, 'paid out')
      assertEqual(await chain.balance(publisher.address), 99n, 'to the publisher')
    },
  },
]
