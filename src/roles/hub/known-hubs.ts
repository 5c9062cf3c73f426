import type { FeeQuote, SponsoredAction } from '../../domain/authorization.ts'
import { type Address, type PeerId, sameAddress } from '../../domain/bytes.ts'
import type { Hub, HubTerms } from '../../domain/hub.ts'
import type { Offer } from '../../domain/offer.ts'
import type { MicroUsd } from '../../domain/price.ts'
import { type HubClient, type HubClientDeps, createHubClient } from './hub-client.ts'

const termsLifetimeMs = 60_000
/** A relay that gave no terms is asked again after this. */
const absenceMs = 10_000

/** Terms that an offer contradicts are asked for anew no more often than this. */
const askAnewMs = 1_000
/** A quote must last long enough to sign and send what it is for. */
const quoteMarginSeconds = 30

/** The hubs on the relays that this tab is connected to, by what they say and sign. */
export interface KnownHubs {
  client(peerId: PeerId): HubClient
  /** Returns what a hub takes for sending something, to be shown; before sending, ask for a quote. */
  feeFor(peerId: PeerId, action: SponsoredAction): Promise<MicroUsd>
  /** Returns the terms of every connected hub, cheapest spread first. */
  connected(): Promise<HubTerms[]>
  /** Returns the cheapest of an offer's hubs that is connected and stands by the terms in the offer. */
  cheapestFor(offer: Pick<Offer, 'hubs'>): Promise<Hub | null>
  /** Returns the connected hub with this account. */
  byAccount(account: Address): Promise<HubTerms | null>
  /** Asks this hub anew before it is relied on again. */
  forget(peerId: PeerId): void
}

type Remembered = { terms: Promise<HubTerms | null>; askedAtMs: number; untilMs: number }

/** Returns the hubs of this tab's relays; they are asked when somebody wants to know. */
export function createKnownHubs(deps: HubClientDeps): KnownHubs {
  const { transport, clock } = deps
  const remembered = new Map<PeerId, Remembered>()
  const quotes = new Map<string, FeeQuote>()

  const ask = (peerId: PeerId): Remembered => {
    const askedAtMs = clock.nowMs()
    const client = createHubClient(peerId, deps)
    const asked: Remembered = { askedAtMs, untilMs: askedAtMs + termsLifetimeMs, terms: client.terms() }
    asked.terms = asked.terms.catch(() => {
      asked.untilMs = clock.nowMs() + absenceMs
      return null
    })
    remembered.set(peerId, asked)
    return asked
  }

  const termsOf = (peerId: PeerId): Promise<HubTerms | null> => {
    const held = remembered.get(peerId)
    return (held && clock.nowMs() < held.untilMs ? held : ask(peerId)).terms
  }

  const connected = async () => {
    const terms = await Promise.all(transport.status().relays.map(termsOf))
    return bySpread(terms.filter((one) => one !== null))
  }

  /** An offer that names other terms than are remembered here may be newer than they are. */
  const askAnew = (peerId: PeerId): void => {
    const held = remembered.get(peerId)
    if (held && clock.nowMs() >= held.askedAtMs + askAnewMs) remembered.delete(peerId)
  }

  return {
    client: (peerId) => createHubClient(peerId, deps),
    async feeFor(peerId, action) {
      const key = `${peerId} ${action}`
      const soonSeconds = clock.nowMs() / 1000 + quoteMarginSeconds
      const held = quotes.get(key)
      if (held && held.expiresAtSeconds > soonSeconds) return held.feeMicroUsd
      const quote = await createHubClient(peerId, deps).quote(action)
      quotes.set(key, quote)
      return quote.feeMicroUsd
    },
    connected,
    async cheapestFor({ hubs }) {
      if (hubs.length === 0) return null
      const matching = async () => {
        const here = await connected()
        return bySpread(hubs.filter((hub) => here.some((terms) => standsBy(terms, hub))))
      }
      const [cheapest] = await matching()
      if (cheapest) return cheapest
      for (const { peerId } of hubs) askAnew(peerId)
      return (await matching())[0] ?? null
    },
    async byAccount(account) {
      return (await connected()).find((terms) => sameAddress(terms.account, account)) ?? null
    },
    forget: (peerId) => void remembered.delete(peerId),
  }
}

function standsBy(terms: HubTerms, { account, peerId, spreadMillionths }: Hub): boolean {
  return (
    terms.peerId === peerId &&
    sameAddress(terms.account, account) &&
    terms.spreadMillionths === spreadMillionths
  )
}

function bySpread<hub extends Hub>(hubs: readonly hub[]): hub[] {
  return hubs.toSorted((a, b) => a.spreadMillionths - b.spreadMillionths)
}
