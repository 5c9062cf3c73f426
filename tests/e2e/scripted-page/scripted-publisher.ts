import type { CatalogueEntry } from '../../../src/domain/model.ts'
import { EngineError } from '../../../src/errors/index.ts'
import type { MeasureStage } from '../../../src/ports/engine.ts'
import type { PublishStage, Publisher } from '../../../src/roles/models/publish.ts'
import { catalogue, ownAddress } from './scripted-market.ts'

const stepMs = 120
const wait = () => new Promise((resolve) => setTimeout(resolve, stepMs))

/** Publishes whatever begins as a GGUF file does, in steps that can be seen. */
export function createScriptedPublisher(onPublished: (entry: CatalogueEntry) => void): Publisher {
  return {
    async measure(file, { signal, onProgress } = {}) {
      if ((await file.slice(0, 4).text()) !== 'GGUF') {
        throw new EngineError('engine/malformed-model', 'This is not a GGUF file.')
      }
      for (const stage of ['check', 'prepare', 'observe', 'test'] satisfies MeasureStage[]) {
        onProgress?.({ stage, fraction: 0.5 })
        await wait()
        signal?.throwIfAborted()
      }
      const knownAnswer = catalogue[0]!.manifest.knownAnswer
      const facts = { name: 'Tiny Tales', license: 'mit', family: 'llama', contextTokens: 512 }
      return { ...facts, knownAnswer, smoothing: new Uint8Array() }
    },
    cost: async () => ({ costWei: 21n * 10n ** 12n, gasWei: 10n ** 18n, isGiven: true }),
    async publish(
      { file },
      { name, license, contextTokens, royaltyBps, sources },
      { signal, onProgress } = {},
    ) {
      for (const stage of ['describe', 'keep', 'register'] satisfies PublishStage[]) {
        onProgress?.({ stage, fraction: 0.5 })
        await wait()
        signal?.throwIfAborted()
      }
      const id = `0x${'d5'.repeat(32)}` as const
      const [first] = catalogue
      const files = [{ ...first!.manifest.files[0]!, path: 'tiny.gguf', bytes: file.size }]
      const manifest = { ...first!.manifest, name, license, contextTokens, files }
      const terms = { publisher: ownAddress, royaltyBps, sources, isDeprecated: false }
      const listing = { ...terms, modelId: id, listingId: `0x${'d6'.repeat(32)}` as const }
      const entry: CatalogueEntry = { id, manifest, sources, description: 'Published here.', listing }
      onPublished(entry)
      return entry
    },
  }
}
