import type { Address, Hex, PeerId } from './bytes.ts'
import type { Hub } from './hub.ts'
import type { Task } from './job.ts'
import type { ModelId } from './model.ts'
import type { Price } from './price.ts'

/** What a tab sells. Signed with the provider's account (EIP-712), so that the directory cannot forge it. */
export type Offer = {
  provider: Address
  peerId: PeerId
  modelId: ModelId
  /** Runtime, graph recipe and back end in one hash: equal ids give equal bits where the back end allows. */
  arithmeticId: Hex
  /** What it does with the model; names that are not known here are of no matter. */
  tasks: string[]
  /** What the provider charges, the same for every task; a hub's spread comes on top. */
  price: Price
  /** Longest prompt plus answer, in tokens. */
  contextTokens: number
  /** Measured decode speed, thousandths of a token per second. */
  milliTokensPerSecond: number
  freeSlots: number
  slots: number
  /** The most completion tokens that are ever unpaid; none follows the first before that and the prompt are paid. */
  chunkTokens: number
  chainId: number
  settlement: Address
  token: Address
  /** Hubs that pay this provider; a requester who shares one may pay through it. */
  hubs: Hub[]
  /**
   * The listing whose royalty is paid of what this offer earns, or null. Its channels go to the earnings bond and carry
   * the listing as their salt, so a hub has to pay: a direct channel's salt holds the session key's end.
   */
  listingId: Hex | null
  /** Grows with each offer of a provider; the highest one counts. */
  sequence: number
  /** Unix time in seconds. */
  expiresAtSeconds: number
}

/** Whether a tab offers to do this. */
export function servesTask({ tasks }: Pick<Offer, 'tasks'>, task: Task): boolean {
  return tasks.includes(task)
}

/** Returns how many unpaid tokens make a voucher due: half a chunk, so that no token waits for its payment's way. */
export function dueTokens({ chunkTokens }: Pick<Offer, 'chunkTokens'>): number {
  return Math.ceil(chunkTokens / 2)
}

/** An offer with the EIP-712 signature of the provider it names. */
export type SignedOffer = { offer: Offer; signature: Hex }
