import { expect, test, vi } from 'vitest'
import { checkModel } from '../../src/engine/check-model.ts'
import { createMemoryEngine } from '../../src/engine/memory-engine.ts'
import { createMemoryModel } from '../../src/engine/memory-model.ts'
import { createMemoryModelStore, publishInMemory } from '../../src/models/memory-model-store.ts'
import { createProvider } from '../../src/roles/provide/provide.ts'
import { tinyQwen2, type TinyModel, writeTinyModel } from '../fixtures/families/tiny-models.ts'
import { accounts, price } from '../fixtures/jobs.ts'
import { openMarket } from '../fixtures/market.ts'

/** A provider that can get one model, and whether it was downloaded. */
async function joinWith(shape: TinyModel) {
  const market = openMarket()
  const tab = await market.joinRequester()
  const facts = {
    name: 'Tiny model',
    license: 'Apache-2.0',
    family: shape.architecture,
    contextTokens: 512,
    // What the in-memory engine answers, whatever the file.
    knownAnswer: createMemoryModel().manifest.knownAnswer,
  }
  const files = [{ path: 'model.gguf', blob: new Blob([writeTinyModel(shape)]) }]
  const { entry } = await publishInMemory(files, facts)
  const models = createMemoryModelStore([{ entry, files }])
  const fetched = vi.spyOn(models, 'fetch')
  const engine = Object.assign(createMemoryEngine(), { checkModel })
  const signer = accounts[2]
  const provider = createProvider({ ...tab, engine, models, chain: market.chain, signer })
  return { provider, entry, fetched }
}

test('a model that the engine cannot run is refused by name before it is downloaded', async () => {
  const { provider, entry, fetched } = await joinWith({ ...tinyQwen2, architecture: 'mamba' })
  await expect(provider.start({ entry, price })).rejects.toMatchObject({
    code: 'engine/unsupported-model',
    shortMessage: 'Opentab cannot run models of the family mamba yet.',
  })
  expect(provider.status()).toMatchObject({
    stage: 'failed',
    error: { shortMessage: 'Opentab cannot run models of the family mamba yet.' },
  })
  expect(fetched).not.toHaveBeenCalled()
})

test('a model that it can run is downloaded', async () => {
  const { provider, entry, fetched } = await joinWith(tinyQwen2)
  await provider.start({ entry, price })
  expect(provider.status()).toMatchObject({ stage: 'online' })
  expect(fetched).toHaveBeenCalledOnce()
  await provider.stop()
})
