import type { Address, Hex } from '../domain/bytes.ts'
import type { ModelId, ModelListing, ModelRegistration } from '../domain/model.ts'
import type { Signer } from './signer.ts'

/** A listing that was made, and the transaction that made it. */
export type ListingMade = { transaction: Hex; listingId: Hex }

/** Where publishers list their models, on a chain. Every error is a `ChainError`. */
export interface ModelRegistry {
  /** Returns models as their publishers list them, the newest first; none on a network without a registry. */
  listings(skip: number, most: number): Promise<ModelListing[]>
  /** Returns a publisher's listing of a model as it stands now, however old; null where there is none. */
  listing(modelId: ModelId, publisher: Address): Promise<ModelListing | null>
  /**
   * Lists a model in the publisher's name, in a transaction of its own. Resolves once mined.
   * @throws ChainError `chain/no-registry`, `chain/reverted` when the publisher has listed it before
   */
  registerModel(registration: ModelRegistration, publisher: Signer): Promise<ListingMade>
  /** What listing a model would cost its publisher now, in wei. */
  registrationCost(registration: ModelRegistration, publisher: Address): Promise<bigint>
}
