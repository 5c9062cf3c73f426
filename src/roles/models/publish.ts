import {
  type CatalogueEntry,
  type ModelFacts,
  type ModelListing,
  listingFolders,
} from '../../domain/model.ts'
import { type Network, isLocalChain } from '../../domain/network.ts'
import { ChainError } from '../../errors/index.ts'
import type {
  Chain,
  Engine,
  Manifests,
  MeasuredModel,
  MeasureOptions,
  ModelRegistry,
  ModelStore,
  Signer,
} from '../../ports/index.ts'

/** A model file that was measured. */
export type MeasuredFile = { fileName: string; file: Blob; measured: MeasuredModel }

/** What its publisher says of a model. */
export type PublishDraft = Pick<ModelFacts, 'name' | 'license' | 'contextTokens'> & {
  /** In hundredths of a percent; it never changes. */
  royaltyBps: number
  /** Folders that serve manifest and files; none where tabs alone carry them. */
  sources: string[]
}

/** Hashing the files, keeping them here, listing the model on the chain. */
export type PublishStage = 'describe' | 'keep' | 'register'

/** How far publishing has come. */
export type PublishProgress = {
  stage: PublishStage
  /** From 0 to 1; 0 while nobody knows. */
  fraction: number
}

/** What a listing costs, and whether the account has it. */
export type PublishCost = {
  costWei: bigint
  /** Native coin of the account that publishes. */
  gasWei: bigint
  /** Whether gas is given here, as on the local chain. */
  isGiven: boolean
}

/** All that publishing takes. */
export type PublishDeps = {
  engine: Pick<Engine, 'measure'>
  manifests: Pick<Manifests, 'describe'>
  models: Pick<ModelStore, 'add'>
  chain: Pick<Chain, 'network' | 'gasBalance'>
  registry: Pick<ModelRegistry, 'listing' | 'registerModel' | 'registrationCost'>
  /** Account that publishes, pays for the listing and is paid the royalty. */
  publisher: Signer
}

/** How a file becomes a model that everybody can use. */
export interface Publisher {
  /** @throws EngineError when the engine cannot run it */
  measure(file: Blob, options?: MeasureOptions): Promise<MeasuredModel>
  /** @throws ChainError `chain/no-registry`, `chain/unreachable` */
  cost(draft: PublishDraft): Promise<PublishCost>
  /**
   * Describes a measured file, keeps its pieces here, and lists it. Done again after a failure it goes on.
   * @throws StorageError, ChainError; `chain/insufficient-funds` before anything is sent
   */
  publish(
    model: MeasuredFile,
    draft: PublishDraft,
    options?: { signal?: AbortSignal; onProgress?: (progress: PublishProgress) => void },
  ): Promise<CatalogueEntry>
}

const smoothingPath = 'smoothing.safetensors'
/** Stands for the id while nobody knows it: the cost is the same. */
const anyModel = `0x${'11'.repeat(32)}` as const

/** Returns the publisher of one account. */
export function createPublisher(deps: PublishDeps): Publisher {
  const { engine, manifests, models, chain, registry, publisher } = deps

  const cost = async ({ royaltyBps, sources }: PublishDraft): Promise<PublishCost> => {
    const [costWei, gasWei] = await Promise.all([
      registry.registrationCost({ modelId: anyModel, royaltyBps, sources }, publisher.address),
      chain.gasBalance(publisher.address),
    ])
    return { costWei, gasWei, isGiven: isLocalChain(chain.network) }
  }

  const register = async (modelId: ModelListing['modelId'], draft: PublishDraft): Promise<ModelListing> => {
    const known = await registry.listing(modelId, publisher.address)
    if (known) return known
    const { royaltyBps, sources } = draft
    const registration = { modelId, royaltyBps, sources }
    const { listingId } = await registry.registerModel(registration, publisher)
    return { ...registration, listingId, publisher: publisher.address, isDeprecated: false }
  }

  return {
    measure: (file, options) => engine.measure(file, options),
    cost,
    async publish({ fileName, file, measured }, draft, { signal, onProgress = () => {} } = {}) {
      checkGas(await cost(draft), chain.network)
      const { name, license, contextTokens } = draft
      const { family, knownAnswer } = measured
      const blobs = [file, new Blob([measured.smoothing])]
      const [path, totalBytes] = [modelPath(fileName), blobs.reduce((sum, { size }) => sum + size, 0)]
      let hashed = 0
      const { id, manifest } = await manifests.describe(
        [path, smoothingPath].map((at, index) => ({ path: at, blob: blobs[index]! })),
        { name, license, family, contextTokens, knownAnswer, smoothing: smoothingPath },
        {
          ...(signal ? { signal } : {}),
          onBytes: (bytes) => onProgress({ stage: 'describe', fraction: (hashed += bytes) / totalBytes }),
        },
      )
      const sources = listingFolders(draft)
      const entry: CatalogueEntry = { id, manifest, sources, description: `${name}, published here.` }
      await models.add(entry, blobs, {
        ...(signal ? { signal } : {}),
        onProgress: ({ bytes }) => onProgress({ stage: 'keep', fraction: bytes / totalBytes }),
      })
      signal?.throwIfAborted()
      onProgress({ stage: 'register', fraction: 0 })
      return { ...entry, listing: await register(id, { ...draft, sources }) }
    },
  }
}

function checkGas({ costWei, gasWei, isGiven }: PublishCost, { name }: Network): void {
  if (isGiven || gasWei >= costWei) return
  throw new ChainError(
    'chain/insufficient-funds',
    `This account has too little gas on ${name} to list a model.`,
  )
}

/** Returns a file's name as a manifest takes it. */
function modelPath(fileName: string): string {
  const stem = fileName
    .replace(/\.gguf$/i, '')
    .replaceAll(/[^A-Za-z0-9._-]+/g, '-')
    .replace(/^[.-]+/, '')
    .slice(0, 100)
  return `${stem || 'model'}.gguf`
}
