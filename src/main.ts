import { isLocalChain } from './domain/network.ts'
import { TransportError } from './errors/index.ts'
import type { ManifestPeers, PiecePeers } from './ports/index.ts'
import { Page } from './state/page.svelte.ts'
import type { Tab } from './state/tab.ts'
import { createCrashMark } from './device/crash-mark.ts'
import { systemClock as clock } from './device/system-clock.ts'
import { systemRandom as random } from './device/system-random.ts'
import { Database } from './storage/database.ts'
import { IndexedDbDocumentStore } from './storage/indexeddb-document-store.ts'
import { mountPage } from './ui/mount.ts'

/** Runs `load` when first called. What it gave is kept; a failure is forgotten, so that the next call tries again. */
function once<value>(load: () => Promise<value>): () => Promise<value> {
  let loaded: Promise<value> | null = null
  return () => {
    loaded ??= load().catch((error: unknown) => {
      loaded = null
      throw error
    })
    return loaded
  }
}

const database = new Database()
const documents = new IndexedDbDocumentStore(database)

const place = once(async () => (await import('./device/tab-place.ts')).claimTabPlace())

const network = once(async () => {
  const response = await fetch('/network.json', { cache: 'no-cache' }).catch(() => null)
  if (response?.ok) {
    const { parseNetwork } = await import('./protocol/network-file.ts')
    return parseNetwork(await response.json())
  }
  throw new TransportError('transport/no-relay', 'This page could not read where its relays and chain are.')
})

const accounts = once(async () => {
  const { createAccounts } = await import('./chain/account/accounts.ts')
  return createAccounts(await network(), clock)
})

/** Pays: deposits into channels and takes back. */
const wallet = once(async () => (await accounts()).payer())
/** Earns: offers, receipts and claims are signed without asking, so its key is in this browser. */
const earner = once(async () => (await accounts()).earner())

const session = once(async () => {
  const { createLocalAccount } = await import('./chain/account/local-account.ts')
  return createLocalAccount('session')
})

const chain = once(async () => {
  const { createViemChain } = await import('./chain/viem-chain.ts')
  return createViemChain(await network())
})

const vouchers = once(async () => {
  const { IndexedDbVoucherStore } = await import('./storage/indexeddb-voucher-store.ts')
  return new IndexedDbVoucherStore(database)
})

const transport = once(async () => {
  const { createLibp2pTransport } = await import('./transport/libp2p-transport.ts')
  const { keepPeerKey } = await import('./transport/keep-peer-key.ts')
  const { relays, chainId, stunUrls = [] } = await network()
  const privateKey = await keepPeerKey(documents, await place())
  const created = await createLibp2pTransport({
    relays,
    privateKey,
    iceServers: stunUrls.map((urls) => ({ urls })),
    development: isLocalChain({ chainId }),
  })
  addEventListener('pagehide', () => void created.stop())
  // A page that the browser froze and brings back has lost its links.
  addEventListener('pageshow', (event) => event.persisted && location.reload())
  // It goes on trying by itself; its status says when a relay is there.
  created.start().catch(() => {})
  return created
})

const directory = once(async () => {
  const { createLibp2pDirectory } = await import('./transport/libp2p-directory.ts')
  return createLibp2pDirectory((await transport()).relays, clock)
})

const holders = once(async () => {
  const { createLibp2pHolders } = await import('./transport/libp2p-holders.ts')
  const { relays, peerId } = await transport()
  return createLibp2pHolders(relays, peerId)
})

/** What lending pieces and bringing them have in common. */
const exchange = once(async () => {
  const { AnswersFirst } = await import('./roles/pieces/answers-first.ts')
  const { PieceTraffic } = await import('./roles/pieces/piece-traffic.ts')
  const links = { transport: await transport(), holders: await holders() }
  return { ...links, answers: new AnswersFirst(), traffic: new PieceTraffic(), clock }
})

const otherTabs = once(async () => {
  const { createPiecePeers } = await import('./roles/pieces/fetch-pieces.ts')
  return createPiecePeers({ ...(await exchange()), random })
})

/** Other tabs are met only when they are needed. */
const peers: PiecePeers = {
  async *fetch(request) {
    yield* (await otherTabs()).fetch(request)
  },
}

const manifestPeers: ManifestPeers = {
  async *ask(id, signal) {
    const { createManifestPeers } = await import('./roles/pieces/manifest-exchange.ts')
    const links = { transport: await transport(), holders: await holders(), clock }
    yield* createManifestPeers(links).ask(id, signal)
  },
}

const pieces = once(async () => (await import('./models/open-piece-store.ts')).openPieceStore())

const modelUses = once(async () => new (await import('./models/model-uses.ts')).ModelUses(documents))

const manifests = once(async () => {
  const { ManifestBook } = await import('./models/manifest-book.ts')
  return new ManifestBook({ documents, clock, peers: manifestPeers })
})

const listed = once(async () => {
  const { createListedModels } = await import('./roles/models/listed-models.ts')
  const held = async () => (await pieces()).models()
  return createListedModels({ registry: chain, manifests: await manifests(), documents, clock, held })
})

const models = once(async () => {
  const { PieceModelStore } = await import('./models/piece-model-store.ts')
  const { createHttpSource } = await import('./models/http-source.ts')
  const { loadCatalogue } = await import('./models/catalogue.ts')
  const catalogueUrl = new URL('/models/catalogue.json', location.href).href
  return new PieceModelStore({
    pieces: await pieces(),
    fetchRange: createHttpSource(),
    peers,
    onUsed: (entry) => void modelUses().then((uses) => uses.note(entry)),
    loadCatalogue: async () => (await listed()).addTo(() => loadCatalogue(catalogueUrl)),
  })
})

const keptModels = once(async () => {
  const { createStoredModels } = await import('./models/stored-models.ts')
  return createStoredModels({ pieces: await pieces(), store: await models(), uses: await modelUses() })
})

const lender = once(async () => {
  const { createLender } = await import('./roles/pieces/lend.ts')
  const { waitForTurn } = await import('./device/wait-for-turn.ts')
  const turn = { waitForTurn: (onTurn: () => void) => waitForTurn('opentab:lending', onTurn) }
  const { serveManifests } = await import('./roles/pieces/manifest-exchange.ts')
  const store = await models()
  serveManifests({ transport: await transport(), clock }, (id) => store.manifest(id))
  return createLender({ ...(await exchange()), shelf: store.shelf, ...turn })
})

const engine = once(async () => (await import('./engine/worker-engine.ts')).createWorkerEngine())

const openText = once(async () => {
  const { createTextOpener } = await import('./roles/models/open-text.ts')
  return createTextOpener(await engine(), await models())
})

const hubs = once(async () => {
  const { createKnownHubs } = await import('./roles/hub/known-hubs.ts')
  return createKnownHubs({ transport: await transport(), clock, network: await network() })
})

const market = once(async () => ({
  transport: await transport(),
  directory: await directory(),
  chain: await chain(),
  vouchers: await vouchers(),
  clock,
}))

const served = once(async () => (await import('./roles/provide/served-jobs.ts')).createServedJobs(documents))

const settlement = once(async () => {
  const { createSettlement } = await import('./roles/wallet/settle.ts')
  const keys = { vouchers: await vouchers(), wallet: await earner(), payer: wallet }
  const parts = { hubs: await hubs(), served: await served(), documents }
  const { readClaimRule } = await import('./roles/wallet/claim-rule.ts')
  const rules = {
    isLocked: async () => (await (await accounts()).view()).local.isLocked,
    claimsByItself: () => readClaimRule(documents),
  }
  const created = createSettlement({ chain: await chain(), ...keys, ...parts, clock, rules })
  // What was earned is guarded for as long as the page is open, sharing or not.
  void created.guard(new AbortController().signal)
  return created
})

const payOut = once(async () => {
  const { createPayOut } = await import('./roles/wallet/pay-out.ts')
  return createPayOut({ chain: await chain(), wallet: await earner(), hubs: await hubs(), documents, clock })
})

const withdrawals = once(async () => {
  const { createWithdrawals } = await import('./roles/wallet/withdraw.ts')
  return createWithdrawals({
    chain: await chain(),
    vouchers: await vouchers(),
    wallet: await wallet(),
    session: await session(),
    hubs: await hubs(),
    clock,
    documents,
  })
})

const requester = once(async () => {
  const { createRequester } = await import('./roles/ask/request.ts')
  const keys = { wallet: await wallet(), sender: await earner(), session: await session() }
  const parts = { hubs: await hubs(), openText: await openText(), listingOf: (await listed()).listingOf }
  const { countAsks } = await import('./roles/pieces/count-answers.ts')
  const { answers } = await exchange()
  const deps = { ...(await market()), ...keys, ...parts, documents, random }
  void (await import('./roles/fund/guard-deposits.ts')).guardDeposits(deps, new AbortController().signal)
  return countAsks(createRequester(deps), answers)
})

const provider = once(async () => {
  const { createProvider } = await import('./roles/provide/provide.ts')
  const parts = { engine: await engine(), models: await models(), signer: await earner() }
  const created = createProvider({ ...(await market()), ...parts, documents })
  const { countJobs } = await import('./roles/pieces/count-answers.ts')
  countJobs(created, (await exchange()).answers)
  await settlement()
  // Earned promises are money: ask the browser not to evict them.
  void navigator.storage?.persist?.()
  return created
})

const device = once(async () => (await import('./device/browser-device.ts')).createBrowserDevice(clock))

const publisher = once(async () => {
  const { createPublisher } = await import('./roles/models/publish.ts')
  const parts = { manifests: await manifests(), models: await models(), publisher: await earner() }
  return createPublisher({ ...parts, engine: await engine(), chain: await chain(), registry: await chain() })
})

const governor = once(async () => {
  const { createGovernor } = await import('./roles/provide/govern.ts')
  return createGovernor({ device: await device(), provider: await provider(), clock })
})

const tab: Tab = {
  documents,
  crashMark: createCrashMark(place),
  place,
  network,
  account: async () => (await earner()).address,
  balanceOf: async (owner) => (await chain()).balance(owner),
  accounts,
  catalogue: async () => (await models()).catalogue(),
  listed,
  holders,
  keptModels,
  lender,
  probe: async () => (await engine()).probe(),
  device,
  link: transport,
  async offers() {
    const { watchVerified } = await import('./roles/ask/verified-offers.ts')
    return watchVerified(await directory(), clock)
  },
  requester,
  provider,
  governor,
  publisher,
  settlement,
  withdrawals,
  payOut,
  served,
  claimsOn: async (channelId, sinceSeconds) => (await chain()).claimsOn(channelId, sinceSeconds),
  async trace(payment) {
    const { tracePayment } = await import('./roles/wallet/trace-payment.ts')
    return tracePayment(payment, { chain: await chain(), vouchers: await vouchers() })
  },
  async check(answer, signal) {
    const { createChecker } = await import('./roles/audit/checker.ts')
    const parts = { engine: await engine(), models: await models(), openText: await openText() }
    return createChecker({ ...parts, network: await network() })(answer, signal)
  },
  addTestFunds: async (amount) => (await chain()).faucet((await wallet()).address, amount),
}

mountPage(new Page(tab))

if (import.meta.env.PROD) void navigator.serviceWorker?.register('/service-worker.js')
