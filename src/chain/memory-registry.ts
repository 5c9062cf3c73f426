import type { Address, Hex } from '../domain/bytes.ts'
import { type ModelId, type ModelListing, type ModelRegistration, listingLimits } from '../domain/model.ts'
import type { Network } from '../domain/network.ts'
import { ChainError } from '../errors/index.ts'
import { listingIdOf } from './model-registry.ts'
import { type MemoryState, refusal } from './memory-state.ts'

/** About what a listing takes, and each of its sources once more. */
const gasPerListing = 100_000

/** Lists a model by the registry's rules, and returns the listing's id. */
export function registerInMemory(
  state: MemoryState,
  registration: ModelRegistration,
  publisher: Address,
  { registry, name }: Network,
): Hex {
  if (!registry) throw new ChainError('chain/no-registry', `${name} has no registry of models.`)
  const listingId = listingIdOf(registration.modelId, publisher)
  const wrong = registrationError(state, registration, listingId)
  if (wrong) throw refusal('registration', wrong)
  state.listings.push({ listingId, publisher, isDeprecated: false, ...registration })
  return listingId
}

/** Returns a publisher's listing of a model, or null. */
export function findInMemory(
  { listings }: MemoryState,
  modelId: ModelId,
  publisher: Address,
): ModelListing | null {
  const listingId = listingIdOf(modelId, publisher)
  return listings.find((listing) => listing.listingId === listingId) ?? null
}

/** Returns about what a listing takes. */
export function registrationGas({ sources }: ModelRegistration): bigint {
  return BigInt(gasPerListing * (1 + sources.length))
}

function registrationError(
  { listings }: MemoryState,
  { modelId, royaltyBps, sources }: ModelRegistration,
  listingId: Hex,
): string | null {
  if (BigInt(modelId) === 0n) return 'InvalidModelId'
  if (royaltyBps > listingLimits.royaltyBps) return 'RoyaltyTooHigh'
  if (listings.some((listing) => listing.listingId === listingId)) return 'AlreadyRegistered'
  if (sources.length > listingLimits.sources) return 'InvalidSourceCount'
  const bytes = (source: string) => new TextEncoder().encode(source).length
  const isTaken = (source: string) => bytes(source) >= 1 && bytes(source) <= listingLimits.sourceBytes
  return sources.every(isTaken) ? null : 'InvalidSource'
}
