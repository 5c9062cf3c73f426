import { encodeAbiParameters, encodeFunctionData, keccak256 } from 'viem'
import type { Address, Hex } from '../domain/bytes.ts'
import type { ModelId, ModelListing, ModelRegistration } from '../domain/model.ts'
import type { Network } from '../domain/network.ts'
import { ChainError } from '../errors/index.ts'
import { modelRegistryAbi } from './abi/model-registry.ts'
import { readDataFee } from './gas-cost.ts'
import { revertReason } from './revert-reason.ts'
import type { Rpc } from './rpc.ts'
import type { Call } from './send-transaction.ts'

const abi = modelRegistryAbi

/** Returns the id of a listing, as the contract computes it. */
export function listingIdOf(modelId: ModelId, publisher: Address): Hex {
  return keccak256(encodeAbiParameters([{ type: 'bytes32' }, { type: 'address' }], [modelId, publisher]))
}

/** Returns listings, newest first, in one question to the endpoint. */
export async function readListings(
  skip: number,
  most: number,
  { client, network }: Rpc,
): Promise<ModelListing[]> {
  const { registry: address } = network
  if (!address) return []
  const args = [BigInt(skip), BigInt(most)] as const
  const newest = await client.readContract({ address, abi, functionName: 'getNewest', args })
  return newest.map(({ listingId, listing, sources }) => listingOf(listingId, listing, sources))
}

/** Returns a publisher's listing of a model; null where there is none. */
export async function readListing(
  modelId: ModelId,
  publisher: Address,
  { client, network }: Rpc,
): Promise<ModelListing | null> {
  const { registry: address } = network
  if (!address) return null
  const listingId = listingIdOf(modelId, publisher)
  const args = [listingId] as const
  try {
    const [listing, sources] = await Promise.all([
      client.readContract({ address, abi, functionName: 'getListing', args }),
      client.readContract({ address, abi, functionName: 'getSources', args }),
    ])
    return listingOf(listingId, listing, sources)
  } catch (error) {
    if (revertReason(error) === 'NotRegistered') return null
    throw error
  }
}

type RegistryListing = Pick<ModelListing, 'modelId' | 'publisher' | 'royaltyBps'> & { deprecated: boolean }

function listingOf(
  listingId: Hex,
  { deprecated, ...listing }: RegistryListing,
  sources: readonly string[],
): ModelListing {
  return { listingId, ...listing, sources: [...sources], isDeprecated: deprecated }
}

/** Returns the call that lists a model in its sender's name. @throws ChainError `chain/no-registry` */
export function registerCall(
  { modelId, royaltyBps, sources }: ModelRegistration,
  { registry, name }: Network,
): Call {
  if (!registry) throw new ChainError('chain/no-registry', `${name} has no registry of models.`)
  const data = encodeFunctionData({ abi, functionName: 'register', args: [modelId, royaltyBps, sources] })
  return { to: registry, data }
}

/** Returns what listing a model would cost its publisher now, in wei: the measured gas at its current price. */
export async function registrationCost(
  registration: ModelRegistration,
  publisher: Address,
  rpc: Rpc,
): Promise<bigint> {
  const call = registerCall(registration, rpc.network)
  const [gas, { maxFeePerGas }, dataFeeWei] = await Promise.all([
    rpc.client.estimateGas({ account: publisher, ...call }),
    rpc.client.estimateFeesPerGas(),
    readDataFee(call.data.length / 2 + signedBytes, rpc),
  ])
  return gas * maxFeePerGas + dataFeeWei
}

/** What a signed transaction has besides its data, in bytes. */
const signedBytes = 150
