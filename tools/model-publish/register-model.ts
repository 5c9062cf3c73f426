import { formatEther } from 'viem'
import type { Address, Hex } from '../../src/domain/bytes.ts'
import type { ModelRegistration } from '../../src/domain/model.ts'
import { isLocalChain } from '../../src/domain/network.ts'
import { ToolError } from '../tool-error.ts'
import type { Chain } from '../../src/ports/chain.ts'
import type { ModelRegistry } from '../../src/ports/model-registry.ts'
import type { Signer } from '../../src/ports/signer.ts'

/** A model on the chain. */
export type RegisteredModel = { listingId: Hex; publisher: Address; transaction: Hex | null }

/**
 * Lists a model in the publisher's name, or finds the listing that is there. Says what it costs before.
 * @throws ToolError when it would cost money and nobody agreed; ChainError
 */
export async function registerModel(
  registration: ModelRegistration,
  publisher: Signer,
  chain: Pick<Chain, 'network'> & ModelRegistry,
  { say, agreed }: { say: (line: string) => void; agreed: boolean },
): Promise<RegisteredModel> {
  const { modelId, royaltyBps } = registration
  const known = await chain.listing(modelId, publisher.address)
  if (known) {
    say(`Listed before, with a royalty of ${known.royaltyBps / 100} %, which never changes.`)
    return { listingId: known.listingId, publisher: known.publisher, transaction: null }
  }
  const costWei = await chain.registrationCost(registration, publisher.address)
  const { name } = chain.network
  say(
    `Registering on ${name} with a royalty of ${royaltyBps / 100} % costs about ${formatEther(costWei)} ETH.`,
  )
  if (!isLocalChain(chain.network) && !agreed) {
    throw new ToolError('tools/bad-option', `Add --yes to pay that from ${publisher.address}.`)
  }
  const registered = await chain.registerModel(registration, publisher)
  return { ...registered, publisher: publisher.address }
}
