import type { Address, Hex } from '../domain/bytes.ts'
import { type ModelRegistration, listingLimits } from '../domain/model.ts'
import { listingIdOf } from './model-registry.ts'
import { type MemoryState, refusal } from './memory-state.ts'

/** Lists a model by the registry's rules, and returns the listing's id. */
export function registerInMemory(
  state: MemoryState,
  registration: ModelRegistration,
  publisher: Address,
): Hex {
  const listingId = listingIdOf(registration.modelId, publisher)
  const wrong = registrationError(state, registration, listingId)
  if (wrong) throw refusal('registration', wrong)
  state.listings.push({ listingId, publisher, isDeprecated: false, ...registration })
  return listingId
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
