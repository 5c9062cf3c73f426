import { askModel, publishModel, shareModel, tinyModelFile } from '../tests/e2e/publish-model.ts'
import { type TestStack, openStack, sendPrompt } from '../tests/e2e/tabs.ts'
import { type Bench, type Figures, compare } from './measurement.ts'

/** What the project allows itself from a published file to the first paid token on another tab, in seconds. */
const mostSeconds = 60

/**
 * From the moment that a file is listed to the first token that another tab is paid for: a tab that opens then finds the
 * listing, brings manifest and bytes from the publisher's tab, passes the known answer and sells an answer to a third.
 */
export const publishBench: Bench = {
  names: ['publish-to-paid'],
  async run({ rounds }) {
    const figures: Figures = { ours: [], rival: [] }
    for (let round = 0; round < rounds; round++) {
      const world = await openStack()
      try {
        figures.ours.push(1 / (await publishAndAsk(world)))
        figures.rival.push(1 / mostSeconds)
      } finally {
        await world.close()
      }
    }
    return [compare('publish-to-paid', 'models/s', `one in ${mostSeconds} s`, figures, 1)]
  },
}

/** Returns seconds. */
async function publishAndAsk(world: TestStack): Promise<number> {
  const name = 'Tales of a tiny llama'
  const publisher = await world.openTab('network')
  await publishModel(publisher, { file: tinyModelFile, name, royaltyPercent: 5 })
  const listedMs = performance.now()
  await shareModel(await world.openTab('share'), name)
  const requester = await world.openTab('ask')
  await askModel(requester, name)
  await sendPrompt(requester, 'Once upon a time', { temperature: 0, maxTokens: 200 })
  const answer = requester.getByRole('log', { name: 'Conversation' }).getByRole('group')
  await answer.getByText(/[1-9]\d* tokens?/).waitFor()
  return (performance.now() - listedMs) / 1000
}
