import { isDeepStrictEqual } from 'node:util'
import { moduleIn, openHarness, type PageModule } from '../tests/browser/harness.ts'
import { type Bench, compare, type Measurement } from './measurement.ts'
import type * as ServingPage from './serving-page.ts'

const modelFolder = '/public/models/smollm2-135m-instruct'
const rounds = 3

const passages = [
  'The harbour master keeps a ledger of every boat that enters the bay. Each line holds the name of the boat, ' +
    'the hour of its arrival, the depth of its keel and the number of its crew. At dusk he copies the lines into ' +
    'a second ledger, which is kept in the lighthouse, so that a fire in one house never loses the record.',
  'To repot a lemon tree, water it the evening before. Loosen the roots with your fingers, cut away what is ' +
    'brown, and set the tree into a pot two fingers wider than the last. Fill the pot with fresh earth, press ' +
    'it down, and water it again. Keep the tree in the shade for a week before it goes back into the sun.',
  'function addTax(prices) { const taxed = []; for (const price of prices) { const tax = price * 0.19; ' +
    'const total = price + tax; taxed.push({ price: price, tax: tax, total: total }) } return taxed }',
]
const story = (round: number) => `Tell me a long story about lighthouse number ${round}.`

type Page = PageModule<typeof ServingPage>

/** Guessing tokens against our own engine without: texts that copy, and a text that does not. */
export const guessingBench: Bench = {
  names: ['guessing-copies', 'guessing-stories'],
  async run() {
    const harness = await openHarness()
    try {
      const open = async (guess: boolean): Promise<Page> => {
        const page = moduleIn<typeof ServingPage>(await harness.openPage(), 'bench/serving-page.ts')
        await page.call('load', modelFolder, { guess })
        return page
      }
      const [guessing, plain] = [await open(true), await open(false)]
      const measure = async (name: string, prompts: string[], maxTokens: number): Promise<Measurement> => {
        const figures = { ours: [] as number[], rival: [] as number[] }
        for (const prompt of prompts) {
          const ours = await guessing.call('answer', prompt, maxTokens)
          const rival = await plain.call('answer', prompt, maxTokens)
          if (!isDeepStrictEqual(ours.tokenIds, rival.tokenIds)) throw new Error('Guesses changed an answer.')
          figures.ours.push(decodeSpeed(ours))
          figures.rival.push(decodeSpeed(rival))
        }
        return compare(name, 'tokens/s', 'without', figures)
      }
      const copies = passages.map((passage) => `Repeat this text exactly, twice:\n\n${passage}`)
      return [
        await measure('guessing-copies', copies, 128),
        await measure('guessing-stories', [1, 2, 3].map(story), 96),
      ]
    } finally {
      await harness.close()
    }
  },
}

/** Several requests at once against one: the tokens per second of all together. */
export const togetherBench: Bench = {
  names: [2, 4, 8].map((requests) => `together-${requests}`),
  async run() {
    const harness = await openHarness()
    try {
      const page = moduleIn<typeof ServingPage>(await harness.openPage(), 'bench/serving-page.ts')
      await page.call('load', modelFolder, { slots: 8 })
      const speeds = new Map<number, number[]>([1, 2, 4, 8].map((requests) => [requests, []]))
      for (let round = 0; round < rounds; round++) {
        for (const [requests, taken] of speeds) {
          const prompts = Array.from({ length: requests }, (_, index) => story(100 * round + index))
          taken.push(await page.call('answerTogether', prompts, 48))
        }
      }
      return [2, 4, 8].map((requests) => {
        const figures = { ours: speeds.get(requests)!, rival: speeds.get(1)! }
        return compare(`together-${requests}`, 'tokens/s', 'one request', figures)
      })
    } finally {
      await harness.close()
    }
  },
}

/** The first token of a conversation's second turn, against reading the whole conversation. */
export const nextTurnBench: Bench = {
  names: [0, 256, 1024].map((tokens) => `next-turn-${tokens}`),
  async run() {
    const harness = await openHarness()
    try {
      const page = moduleIn<typeof ServingPage>(await harness.openPage(), 'bench/serving-page.ts')
      await page.call('load', modelFolder, {})
      const measurements: Measurement[] = []
      for (const tokens of [0, 256, 1024]) {
        const figures = { ours: [] as number[], rival: [] as number[] }
        for (let round = 0; round < rounds; round++) {
          const history = `Conversation ${tokens + round}. ${passages.join(' ').repeat(6)}`
          const turn = await page.call('askAgain', history, tokens, `And what about day ${round}?`)
          figures.ours.push(1000 / turn.nextTurnMs)
          figures.rival.push(1000 / turn.unreadMs)
        }
        measurements.push(compare(`next-turn-${tokens}`, 'starts/s', 'read anew', figures))
      }
      return measurements
    } finally {
      await harness.close()
    }
  },
}

const decodeSpeed = ({ tokenIds, decodeMs }: { tokenIds: number[]; decodeMs: number }) =>
  ((tokenIds.length - 1) / decodeMs) * 1000
