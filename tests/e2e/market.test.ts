import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createViemChain } from '../../src/chain/viem-chain.ts'
import { promisedBy } from '../../src/domain/channel.ts'
import { withSpread } from '../../src/domain/hub.ts'
import { chargeMicroUsd } from '../../src/domain/price.ts'
import type { Answer } from '../../src/roles/tasks/answer.ts'
import { formatUsd } from '../../src/ui/format.ts'
import { type Harness, moduleIn, openHarness } from '../browser/harness.ts'
import type * as AuditPage from './audit-page.ts'
import type * as StingyPage from './stingy-page.ts'
import {
  type TestStack,
  articles,
  finishedAnswer,
  openStack,
  sendPrompt,
  startSharing,
  streaming,
} from './tabs.ts'

const modelFolder = '/models/smollm2-135m-instruct'

let world: TestStack
let harness: Harness
let provider: Page

beforeAll(async () => {
  world = await openStack()
  harness = await openHarness()
  provider = await world.openTab('share')
  await startSharing(provider)
})

afterAll(async () => {
  await harness?.close()
  await world?.close()
})

/** Runs in the page before anything else: one byte of the model changes on its way in. */
function flipOneByte(): void {
  const realFetch = globalThis.fetch
  globalThis.fetch = async (input, init) => {
    const response = await realFetch(input, init)
    if (!response.url.endsWith('.gguf') || !response.body) return response
    let passed = 0
    const flip = new TransformStream<Uint8Array, Uint8Array>({
      transform(chunk, controller) {
        const at = 5_000_000 - passed
        if (at >= 0 && at < chunk.length) chunk[at]! ^= 1
        passed += chunk.length
        controller.enqueue(chunk)
      },
    })
    const { status, headers } = response
    return new Response(response.body.pipeThrough(flip), { status, headers })
  }
}

/** Has the worker that runs the model fail, as it would from inside. */
async function failModelWorker(page: Page): Promise<void> {
  const worker = page.workers().find((each) => each.url().includes('model-worker'))
  await worker!.evaluate(() => {
    setTimeout(() => {
      throw new Error('A worker that a test ended.')
    })
  })
}

const auditor = async () => moduleIn<typeof AuditPage>(await harness.openPage(), 'tests/e2e/audit-page.ts')
const charge = (answer: Answer) => chargeMicroUsd(answer.tokens, answer.terms.price)

describe('a prompt answered and paid, tab to tab', () => {
  let greedy: Answer
  let seeded: Answer
  let requester: Page
  /** Sum of all that the requester promised. */
  let promised = 0n

  test('the answer streams in, and names provider, tokens, speed and cost', async () => {
    requester = await world.openTab('ask')
    await sendPrompt(requester, 'What is the capital of Japan?', { temperature: 0, maxTokens: 40 })
    greedy = await finishedAnswer(requester)
    expect(greedy.error).toBeNull()
    expect(greedy.text).toContain('Tokyo')
    expect(greedy.hub).not.toBeNull()
    expect(greedy.chargeMicroUsd).toBe(withSpread(charge(greedy), greedy.hub))
    const article = articles(requester).first()
    await expect.poll(() => article.innerText()).toContain('Tokyo')
    const shown = await article.innerText()
    expect(shown).toContain(`${greedy.tokens.completionTokens} tokens`)
    expect(shown).toContain('tok/s')
    expect(shown).toContain(formatUsd(greedy.chargeMicroUsd))
    expect(shown).toContain(greedy.offer.provider.slice(0, 6))
  })

  test('a second turn with a seed goes over the same channel', async () => {
    await sendPrompt(requester, 'Tell me a short story about it.', {
      temperature: 0.8,
      maxTokens: 80,
      seed: 7,
    })
    seeded = await finishedAnswer(requester, 2)
    expect(seeded.error).toBeNull()
    expect(seeded.terms.messages.length).toBeGreaterThanOrEqual(3)
    expect(seeded.terms.channelId).toBe(greedy.terms.channelId)
    expect(promisedBy(seeded.voucher) - promisedBy(greedy.voucher)).toBe(seeded.chargeMicroUsd)
  })

  test('both are what the engine gives alone, and their receipts check out; with one token changed they do not', async () => {
    const page = await auditor()
    await page.call('loadAlone', greedy.terms.modelId, modelFolder)
    for (const answer of [greedy, seeded]) {
      const alone = await page.call('answerAlone', answer)
      expect(answer.tokenIds).toEqual(alone.tokenIds)
      expect(answer.text).toBe(alone.text)
      expect(answer.tokens.promptTokens).toBe(alone.promptIds.length)
      expect((await page.call('audit', answer, world.stack.network)).verdict).toBe('confirmed')
    }
    const forged = { ...seeded, tokenIds: seeded.tokenIds.with(2, seeded.tokenIds[2]! + 1) }
    const report = await page.call('audit', forged, world.stack.network)
    expect(report.verdict).toBe('mismatch')
    const failed = report.findings.filter(({ ok }) => ok === false).map(({ check }) => check)
    expect(failed).toEqual(expect.arrayContaining(['receipt', 'tokens']))
  })

  test('the receipt view says what it found', async () => {
    await articles(requester).last().getByRole('button', { name: 'Receipt' }).click()
    const dialog = requester.getByRole('dialog')
    await expect.poll(() => dialog.innerText()).toContain(seeded.terms.jobId.slice(0, 10))
    await dialog.getByRole('button', { name: 'Check again' }).click()
    await expect.poll(() => dialog.innerText(), { timeout: 60_000 }).toContain('signed exactly this answer')
    await requester.keyboard.press('Escape')
  })

  test('the provider earned it, and a claim brings it on the chain', async () => {
    const chain = createViemChain(world.stack.network)
    const earned = charge(greedy) + charge(seeded)
    await expect
      .poll(() => provider.getByText('Earned').first().locator('..').innerText())
      .toContain(formatUsd(earned))
    const before = await chain.balance(greedy.offer.provider)
    await provider.goto(new URL('#/wallet', world.stack.url).href)
    await provider.getByRole('button', { name: 'Claim' }).click()
    await expect.poll(() => chain.balance(greedy.offer.provider), { timeout: 20_000 }).toBe(before + earned)
    await expect
      .poll(() => provider.getByText('Balance').first().locator('..').innerText())
      .toContain(formatUsd(before + earned))
    await provider.goto(new URL('#/share', world.stack.url).href)
  })

  test('the conversation survives a reload', async () => {
    await requester.reload()
    await expect.poll(() => articles(requester).count()).toBe(2)
    expect(await articles(requester).first().innerText()).toContain('Tokyo')
  })

  test('stopped half-way, only what was received is paid', async () => {
    await sendPrompt(requester, 'Write a long story about a lighthouse keeper and the sea.', {
      temperature: 0,
      maxTokens: 400,
    })
    await streaming(requester, 10)
    await requester.getByRole('button', { name: 'Stop' }).click()
    const answer = await finishedAnswer(requester, 3)
    expect(answer.finishReason).toBe('cancelled')
    expect(answer.tokens.completionTokens).toBeLessThan(400)
    expect(answer.chargeMicroUsd).toBe(withSpread(charge(answer), answer.hub))
    expect(answer.receipt?.receipt.tokens).toEqual(answer.tokens)
    promised = promisedBy(answer.voucher)
  })

  test('what is left comes back at once, and the relay keeps what was promised and its fee', async () => {
    const chain = createViemChain(world.stack.network)
    const { channelId } = greedy.terms
    const { payer } = greedy.channel
    const deposited = (await chain.channel(channelId)).balance
    const before = await chain.balance(payer)
    await requester.goto(new URL('#/wallet', world.stack.url).href)
    await requester.getByText('comes back at once').waitFor()
    await requester.getByRole('button', { name: 'Take back' }).click()
    await requester.getByText('is back in your balance').waitFor()
    const { balance, totalClaimed } = await chain.channel(channelId)
    expect(balance).toBe(totalClaimed)
    const feeMicroUsd = totalClaimed - promised
    expect(feeMicroUsd).toBeGreaterThan(0n)
    expect((await chain.balance(payer)) - before).toBe(deposited - promised - feeMicroUsd)
    await requester.context().close()
  })

  test('who does not pay gets one token and no more', async () => {
    const page = moduleIn<typeof StingyPage>(await harness.openPage(), 'tests/e2e/stingy-page.ts')
    const taken = await page.call('askWithoutPaying', world.stack.network, greedy.terms.modelId)
    expect(taken.tokens).toBe(1)
    expect(taken.finishReason).toBe('unpaid')
  })
})

describe('what goes wrong', () => {
  test('after a relay restart the next prompt is answered', async () => {
    const requester = await world.openTab('ask')
    await sendPrompt(requester, 'Say hello.', { temperature: 0, maxTokens: 16 })
    expect((await finishedAnswer(requester)).error).toBeNull()
    await world.restartRelay()
    const status = provider.getByRole('status', { name: 'Sharing status' })
    await expect.poll(() => status.innerText(), { timeout: 30_000 }).toContain('Online')
    await sendPrompt(requester, 'Say goodbye.', { temperature: 0, maxTokens: 16 })
    expect((await finishedAnswer(requester, 2)).error).toBeNull()
    await requester.context().close()
  })

  test('a model with one byte changed is refused by name, and comes from another tab that lends it', async () => {
    await provider.getByLabel('Also send').uncheck()
    const page = await world.openTab('share', (context) => context.addInitScript(flipOneByte))
    await page.getByRole('button', { name: 'Start sharing' }).click()
    await expect.poll(() => page.getByText('storage/hash-mismatch').count(), { timeout: 60_000 }).toBe(1)
    expect(await page.getByRole('main').innerText()).toContain('SmolLM2-135M-Instruct.Q4_1.gguf')

    await provider.getByLabel('Also send').check()
    await provider.getByLabel('Up to').fill('1000')
    await provider.getByLabel('Up to').press('Tab')
    await provider.getByText('0 MB sent to other tabs').waitFor()
    await page.getByRole('button', { name: 'Try again' }).click()
    await page.getByText(/ MB of 98 MB from 1 tab/).waitFor({ timeout: 60_000 })
    const status = page.getByRole('status', { name: 'Sharing status' })
    await expect.poll(() => status.innerText(), { timeout: 120_000 }).toContain('Online')
    const received = await page.getByRole('status', { name: 'Bytes lent' }).innerText()
    expect(Number(/(\d+) MB received/.exec(received)?.[1])).toBeGreaterThan(85)
    await page.context().close()
  })

  test('when the model’s worker fails in the middle of an answer, the answer is the same', async () => {
    const ask = async (onStream: (requester: Page) => Promise<void>) => {
      const requester = await world.openTab('ask')
      await sendPrompt(requester, 'Write a long story about a whale.', { temperature: 0, maxTokens: 80 })
      await onStream(requester)
      const answer = await finishedAnswer(requester)
      await requester.context().close()
      return answer
    }
    const disturbed = await ask(async (requester) => {
      await streaming(requester, 10)
      await failModelWorker(provider)
    })
    expect(disturbed).toMatchObject({ error: null, finishReason: 'length' })
    const whole = await ask(async () => {})
    expect(disturbed.tokenIds).toEqual(whole.tokenIds)
    expect(disturbed.text).toBe(whole.text)
    expect(disturbed.receipt?.receipt.tokens).toEqual(whole.tokens)
  })

  test('when the provider’s tab is reloaded, the requester is told, and the tab answers again by itself', async () => {
    const requester = await world.openTab('ask')
    const prompt = 'Write a long story about a lighthouse keeper and the sea.'
    await sendPrompt(requester, prompt, { temperature: 0, maxTokens: 400 })
    await streaming(requester, 10)
    provider.on('dialog', (dialog) => void dialog.accept())
    await provider.reload()
    const broken = await finishedAnswer(requester)
    expect(broken.error?.code).toMatch(/^transport\/(stream-reset|peer-unreachable)$/)
    expect(broken.text.length).toBeGreaterThan(20)
    const status = provider.getByRole('status', { name: 'Sharing status' })
    await expect.poll(() => status.innerText(), { timeout: 60_000 }).toContain('Online')
    await sendPrompt(requester, 'Say hello.', { temperature: 0, maxTokens: 16 })
    expect((await finishedAnswer(requester, 2)).error).toBeNull()
    await requester.context().close()
  })

  test('when the provider’s tab closes, the requester is told within three seconds and keeps the text', async () => {
    const requester = await world.openTab('ask')
    await sendPrompt(requester, 'Write a long story about a lighthouse keeper and the sea.', {
      temperature: 0,
      maxTokens: 400,
    })
    await streaming(requester, 10)
    await provider.context().close()
    await expect.poll(() => articles(requester).count(), { timeout: 3_000 }).toBe(1)
    const answer = await finishedAnswer(requester)
    expect(answer.error?.code).toMatch(/^transport\/(stream-reset|peer-unreachable)$/)
    expect(answer.text.length).toBeGreaterThan(20)
    expect(answer.chargeMicroUsd).toBeLessThanOrEqual(withSpread(charge(answer), answer.hub))
    expect(await articles(requester).first().innerText()).toContain(answer.text.slice(0, 20))
  })
})
