import { type RecipeName, recipes } from '../../src/engine/graph/recipe.ts'
import type { VerifiedModel } from '../../src/ports/engine.ts'
import { moduleIn, openHarness } from '../../tests/browser/harness.ts'
import type * as checkPage from '../model-check-page.ts'
import type { OpenedModel } from './opened-model.ts'
import { serveModel } from './serve-model.ts'

/** Loads a model into a real browser, from an address that its page can read. */
export async function openAddress(address: string, recipe: RecipeName): Promise<OpenedModel> {
  const harness = await openHarness({ softwareWebGpu: recipes[recipe].backend === 'webgpu' })
  try {
    const page = await harness.openPage()
    const checked = moduleIn<typeof checkPage>(page, 'tools/model-check-page.ts')
    const { arithmetic } = await checked.call('load', address, recipe)
    return {
      arithmetic,
      distanceFrom: (answer) => checked.call('distanceFrom', answer),
      score: (prompt) => checked.call('score', prompt),
      close: () => harness.close(),
    }
  } catch (error) {
    await harness.close()
    throw error
  }
}

/** Loads a model whose bytes were checked into a real browser. */
export async function openInBrowser(model: VerifiedModel, recipe: RecipeName): Promise<OpenedModel> {
  const server = await serveModel(model)
  try {
    return await openAddress(server.address, recipe)
  } finally {
    // Its bytes are in the page by now.
    await server.close()
  }
}
