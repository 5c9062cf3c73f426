import { coverPower } from '../../domain/asking-price.ts'
import type { Address, Hex } from '../../domain/bytes.ts'
import type { EnergySettings } from '../../domain/energy.ts'
import type { Task } from '../../domain/job.ts'
import { type CatalogueEntry, keptShare, royaltyListing } from '../../domain/model.ts'
import type { Network } from '../../domain/network.ts'
import type { Price } from '../../domain/price.ts'
import { MarketError, type PeerError, toPeerError } from '../../errors/index.ts'
import type {
  Backend,
  Chain,
  Clock,
  Directory,
  DocumentStore,
  EarningStore,
  Engine,
  LoadedModel,
  ModelStore,
  Signer,
  Transport,
} from '../../ports/index.ts'
import { inferProtocol } from '../../protocol/protocols.ts'
import type { EarnReceiver } from '../earn/hub-line.ts'
import { openHubLines } from '../earn/hub-lines.ts'
import { readHead } from '../models/read-head.ts'
import { type Listing, type OfferDraft, advertise } from './advertise.ts'
import { createDebts } from './debts.ts'
import { createJobDesk } from './job-desk.ts'
import { type ProviderStatus, offStatus } from './provider-status.ts'
import { createServedJobs } from './served-jobs.ts'

/** What is sold, at what price, and how much of this machine may be used for it. */
export type ProvideOptions = {
  entry: CatalogueEntry
  price: Price
  /** Most answers at a time; as many as the engine runs side by side when left out. */
  slots?: number
  backends?: Backend[]
  /** Whether hubs pay by way of the earnings bond, where the network has one. */
  bond?: boolean
  /** The offered price is never below what this costs, at the measured speed. */
  covering?: EnergySettings
}

/** How much of a machine its provider may use now. */
export type ProviderLimit = {
  /** Without it the offer is withdrawn; answers under way go on. */
  takesJobs: boolean
  /** Share of the time that the model may run, from 0 to 1. */
  dutyCycle: number
}

/** All that selling answers takes. */
export type ProvideDeps = {
  transport: Transport
  directory: Directory
  engine: Engine
  models: ModelStore
  chain: Chain
  vouchers: EarningStore
  /** Keeps served jobs and what channels owe. */
  documents: DocumentStore
  signer: Signer
  clock: Clock
}

/** A tab that sells answers. */
export interface Provider {
  status(): ProviderStatus
  watch(onStatus: (status: ProviderStatus) => void): () => void
  /** Resolves once the offer is out, or withheld by the limit; rejects when a step fails or the signal aborts. */
  start(options: ProvideOptions, signal?: AbortSignal): Promise<void>
  /** Holds until the next limit, also for sharing that starts later. */
  limit(limit: ProviderLimit): void
  /** Withdraws the offer and ends running jobs with a receipt for what was sent. */
  stop(): Promise<void>
}

/** The most completion tokens that a requester ever owes. */
export const chunkTokens = 32

const shown = (error: unknown): PeerError =>
  toPeerError(error, {
    code: 'market/job-broken',
    shortMessage: error instanceof Error ? error.message : String(error),
  })

const rejection = (signal: AbortSignal) =>
  new Promise<never>((_, reject) => {
    const fail = () => reject(signal.reason)
    if (signal.aborted) fail()
    else signal.addEventListener('abort', fail, { once: true })
  })

/** Salt of a channel that owes nobody royalties. */
const noListing: Hex = `0x${'00'.repeat(32)}`

/**
 * Where hubs pay to: the provider's own account, or the bond in its name. A model that owes a royalty earns by way of the
 * bond, over a channel of its own that names the listing.
 */
function receiverFor(provider: Address, { bond, entry }: ProvideOptions, network: Network): EarnReceiver {
  const listing = royaltyListing(entry)
  if (listing && network.bond) return { receiver: network.bond, salt: listing.listingId }
  return { receiver: (bond && network.bond) || provider, salt: noListing }
}

/** One stretch of sharing, from `start` to `stop`. */
type Session = { over: AbortController; refreshOffer: () => void; goOffline: () => Promise<void> }

/** What a listing is to the page. */
const stageOf = { out: 'online', withheld: 'paused', failed: 'connect' } as const

/** Returns a tab that does not share yet. */
export function createProvider(deps: ProvideDeps): Provider {
  const { transport, directory, engine, models, chain, signer, clock } = deps
  const books = { served: createServedJobs(deps.documents), debts: createDebts(deps.documents) }
  const listeners = new Set<(status: ProviderStatus) => void>()
  let status = offStatus
  let session: Session | null = null
  let limit: ProviderLimit = { takesJobs: true, dutyCycle: 1 }

  const update = (change: Partial<ProviderStatus>) => {
    status = { ...status, ...change }
    for (const listener of listeners) listener(status)
  }

  const prepare = async ({ entry, backends }: ProvideOptions, signal: AbortSignal): Promise<LoadedModel> => {
    // While bytes come and are checked, the engine starts, and prepares those that are there.
    engine.warm({ signal, model: entry, ...(backends ? { backends } : {}) }).catch(() => {})
    const isKept = (await models.status(entry.id)).state === 'ready'
    if (!isKept) await readHead(models, entry, (head) => engine.checkModel(head, entry.manifest), signal)
    const model = await models[isKept ? 'open' : 'fetch'](entry, {
      signal,
      onVerified: (part) => engine.deliver(entry.id, part),
      onProgress({ stage, bytes, totalBytes, from }) {
        // An engine that comes back later may ask for the bytes of a model that is on offer.
        if (!status.loaded) update({ stage, bytes, totalBytes, from, fraction: bytes / totalBytes })
      },
    })
    return engine.load(model, {
      signal,
      ...(backends ? { backends } : {}),
      onProgress: ({ stage, fraction }) => update({ stage, fraction }),
    })
  }

  /** Answers jobs and advertises; resolves once the offer is listed for the first time. */
  const goOnline = (first: LoadedModel, options: ProvideOptions, mine: Session): Promise<void> => {
    const { signal } = mine.over
    const terms = (): OfferDraft => {
      // An engine that had to recover may have come back on another back end.
      const loaded = engine.loaded ?? first
      const slots = Math.min(options.slots ?? loaded.slots, loaded.slots)
      return {
        provider: signer.address,
        peerId: transport.peerId,
        modelId: loaded.id,
        arithmeticId: loaded.arithmeticId,
        tasks: tasksOf(engine),
        price: options.covering
          ? coverPower(options.price, loaded.tokensPerSecond, options.covering, keptShare(options.entry))
          : options.price,
        contextTokens: loaded.contextTokens,
        milliTokensPerSecond: Math.round(loaded.tokensPerSecond * limit.dutyCycle * 1000),
        freeSlots: limit.takesJobs ? Math.max(0, slots - desk.liveJobs) : 0,
        slots,
        chunkTokens,
        chainId: chain.network.chainId,
        settlement: chain.network.settlement,
        token: chain.network.token,
        hubs: hubs.hubs(),
        listingId: receiver.salt === noListing ? null : receiver.salt,
      }
    }
    const onHubs = () => {
      update({ hubs: hubs.hubs() })
      advertiser.refresh()
    }
    const receiver = receiverFor(signer.address, options, chain.network)
    const hubs = openHubLines(receiver, deps, onHubs, signal)
    let shownJobs = 0
    const desk = createJobDesk(
      () => ({ ...terms(), sequence: 0, expiresAtSeconds: 0 }),
      { ...deps, ...books, hubs },
      {
        onJobs(jobs) {
          update({ jobs })
          if (jobs.length !== shownJobs) advertiser.refresh()
          shownJobs = jobs.length
        },
        onServed: () => update({ answersServed: status.answersServed + 1 }),
        onPaid: (rise) => update({ earnedMicroUsd: status.earnedMicroUsd + rise }),
      },
      signal,
    )
    const { promise: firstListed, resolve } = Promise.withResolvers<void>()
    const onListing = (listing: Listing) => {
      update({ stage: stageOf[listing], fraction: listing === 'failed' ? 0 : 1 })
      if (listing !== 'failed') resolve()
    }
    const offered = () => (limit.takesJobs ? terms() : null)
    const advertiser = advertise(offered, onListing, { directory, signer, clock })
    mine.refreshOffer = () => advertiser.refresh()
    const unsubscribes = [
      transport.handle(inferProtocol, (stream) => desk.answer(stream), { maxStreamsPerPeer: 8 }),
      transport.watchStatus(() => advertiser.refresh()),
      engine.watchLost((error) => void finish('failed', error)),
      engine.watchBack((loaded) => {
        update({ loaded })
        advertiser.refresh()
      }),
    ]
    mine.goOffline = async () => {
      for (const unsubscribe of unsubscribes) unsubscribe()
      await advertiser.stop()
    }
    return firstListed
  }

  /** Ends sharing. `cause` is why, where it was nobody's wish: requesters whose answers break off are told. */
  const finish = async (stage: 'off' | 'failed', cause: unknown = null) => {
    const ending = session
    if (ending === null) return
    session = null
    update({ stage: 'stopping', fraction: 0 })
    ending.over.abort(cause ?? new MarketError('market/provider-stopped', 'The tab stopped sharing.'))
    await ending.goOffline()
    // Answers that break off and checks under way still end on it.
    await engine.unload()
    update({ stage, error: cause ? shown(cause) : null, jobs: [], hubs: [], fraction: 0 })
  }

  return {
    status: () => status,
    watch(onStatus) {
      listeners.add(onStatus)
      onStatus(status)
      return () => listeners.delete(onStatus)
    },
    async start(options, signal) {
      if (session !== null) throw new MarketError('market/job-refused', 'This tab is sharing already.')
      const mine: Session = { over: new AbortController(), refreshOffer: () => {}, goOffline: async () => {} }
      session = mine
      const stopped = signal ? AbortSignal.any([signal, mine.over.signal]) : mine.over.signal
      update({ ...offStatus, stage: 'download', totalBytes: options.entry.manifest.files[0]?.bytes ?? 0 })
      try {
        const loaded = await prepare(options, stopped)
        update({ loaded, stage: 'connect', fraction: 0 })
        await transport.start(stopped)
        stopped.throwIfAborted()
        await Promise.race([goOnline(loaded, options, mine), rejection(stopped)])
      } catch (error) {
        await (stopped.aborted ? finish('off') : finish('failed', error))
        throw error
      }
    },
    limit(next) {
      if (next.takesJobs === limit.takesJobs && next.dutyCycle === limit.dutyCycle) return
      limit = next
      engine.throttle(next.dutyCycle)
      session?.refreshOffer()
    },
    stop: () => finish('off'),
  }
}

/** Every model can chat; not every graph tells its states. */
function tasksOf({ text }: Engine): Task[] {
  return text.embeddingWidth > 0 ? ['chat', 'embed'] : ['chat']
}
