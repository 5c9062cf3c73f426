import type { Hex } from '../domain/bytes.ts'
import type { ClaimRecord } from '../roles/provide/served-jobs.ts'
import { type ReceiptRow, claimOf } from './receipt-row.ts'
import type { Tab } from './tab.ts'

const collection = 'others-claims'
/** By how much this computer's clock may be ahead of the chain's. */
const clockSkewMs = 10 * 60_000
/** A channel is not looked for again so soon. */
const pauseMs = 60_000

/** Claims that other sides made on channels which this browser pays from, as the chain tells of them. */
export class OthersClaims {
  #tab: Tab
  #restored = new Set<Hex>()
  #lookedAtMs = new Map<Hex, number>()
  #turn: Promise<void> = Promise.resolve()
  claims = $state.raw<ClaimRecord[]>([])

  constructor(tab: Tab) {
    this.#tab = tab
  }

  /** Looks for the claims that collected answers, where they are not known yet. What is found is kept. Never throws. */
  lookUp(asked: readonly ReceiptRow[]): Promise<void> {
    this.#turn = this.#turn.then(async () => {
      for (const [channelId, rows] of Map.groupBy(asked, (row) => row.channelId)) {
        // A chain that does not answer is asked again when the receipts are read again.
        await this.#lookUpChannel(channelId, rows).catch(() => {})
      }
    })
    return this.#turn
  }

  async #lookUpChannel(channelId: Hex, rows: readonly ReceiptRow[]): Promise<void> {
    await this.#restore(channelId)
    const open = rows.filter((row) => row.promisedMicroUsd !== null && claimOf(row, this.claims) === null)
    if (open.length === 0 || Date.now() - (this.#lookedAtMs.get(channelId) ?? 0) < pauseMs) return
    this.#lookedAtMs.set(channelId, Date.now())
    const sinceMs = Math.min(...open.map(({ atMs }) => atMs)) - clockSkewMs
    const seen = await this.#tab.claimsOn(channelId, Math.floor(sinceMs / 1000))
    const found = seen.map(({ transaction, atSeconds, totalClaimed }): ClaimRecord => {
      const channels = [{ channelId, totalClaimedMicroUsd: totalClaimed }]
      return { atMs: atSeconds * 1000, transaction, settledMicroUsd: 0n, feeMicroUsd: 0n, channels }
    })
    const own = this.#on(channelId)
    const fresh = found.filter(({ transaction }) => !own.some((known) => known.transaction === transaction))
    if (fresh.length === 0) return
    this.claims = [...this.claims, ...fresh]
    await this.#tab.documents.put(collection, channelId, this.#on(channelId))
  }

  async #restore(channelId: Hex): Promise<void> {
    if (this.#restored.has(channelId)) return
    const kept = (await this.#tab.documents.get(collection, channelId)) as ClaimRecord[] | undefined
    this.#restored.add(channelId)
    if (kept) this.claims = [...this.claims, ...kept]
  }

  #on(channelId: Hex): ClaimRecord[] {
    return this.claims.filter(({ channels }) => channels.some((channel) => channel.channelId === channelId))
  }
}
