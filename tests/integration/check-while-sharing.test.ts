import { expect, test } from 'vitest'
import type { CatalogueEntry } from '../../src/domain/model.ts'
import type { Engine, ModelStore } from '../../src/ports/index.ts'
import { createRequester } from '../../src/roles/ask/request.ts'
import { createChecker } from '../../src/roles/audit/checker.ts'
import { createProvider } from '../../src/roles/provide/provide.ts'
import type { Answer } from '../../src/roles/tasks/answer.ts'
import { accounts, network, price } from '../fixtures/jobs.ts'
import { entry, makeAsk, models, never, openMarket, runAsk } from '../fixtures/market.ts'

/** Another model than the one that is shared, whose bytes are here, too. */
const other: CatalogueEntry = { ...entry, id: `0x${'77'.repeat(32)}` }
const bothModels: ModelStore = {
  ...models,
  catalogue: async () => [entry, other],
  open: async ({ id }) => ({ ...(await models.open(entry)), id }),
}

const nextTurn = () => new Promise<void>((resolve) => setTimeout(resolve))

/** A market whose provider's engine stands still while the gate is shut, and the check that it runs beside. */
async function openCheckedMarket(slots = 4) {
  let gate = Promise.withResolvers<void>()
  gate.resolve()
  const market = openMarket()
  const pause = async () => {
    await nextTurn()
    await gate.promise
  }
  const tab = await market.joinProvider(accounts[2], { engine: { slots, pause } })
  const checker = createChecker({ ...tab, models: bothModels, network })
  const { requester } = await market.joinRequester()
  const answer = await runAsk(requester.ask(makeAsk(), never))
  return {
    ...tab,
    market,
    requester,
    answer,
    checker,
    shut: () => (gate = Promise.withResolvers<void>()),
    open: () => gate.resolve(),
    restart: async () => {
      await tab.provider.stop()
      return tab.provider.start({ entry, price })
    },
  }
}

const about = (answer: Answer, { id }: CatalogueEntry): Answer => ({
  ...answer,
  terms: { ...answer.terms, modelId: id },
})
const tokensOf = ({ findings }: Awaited<ReturnType<ReturnType<typeof createChecker>>>) =>
  findings.find(({ check }) => check === 'tokens')

test('a check of the model that is being loaded for sharing waits for it, and disturbs nothing', async () => {
  const { checker, answer, restart, provider, shut, open, engine } = await openCheckedMarket()
  await provider.stop()
  shut()
  const sharing = restart()
  const checking = checker(answer)
  await nextTurn()
  open()
  await sharing
  expect((await checking).verdict).toBe('confirmed')
  expect([provider.status().stage, engine.loaded?.id]).toEqual(['online', entry.id])
  await provider.stop()
})

test('a check of another model than is being loaded or shared leaves its tokens unchecked', async () => {
  const { checker, answer, restart, provider, shut, open, engine } = await openCheckedMarket()
  expect(tokensOf(await checker(about(answer, other)))?.ok).toBeNull()
  await provider.stop()
  shut()
  const sharing = restart()
  const checking = checker(about(answer, other))
  await nextTurn()
  open()
  expect(tokensOf(await checking)?.ok).toBeNull()
  await sharing
  expect(engine.loaded?.id).toBe(entry.id)
  await provider.stop()
})

test('sharing goes before the load of a check, which says so', async () => {
  const { checker, answer, restart, provider, shut, open, engine } = await openCheckedMarket()
  await provider.stop()
  shut()
  const checking = checker(about(answer, other))
  await nextTurn()
  const sharing = restart()
  expect(tokensOf(await checking)?.ok).toBeNull()
  open()
  await sharing
  expect([provider.status().stage, engine.loaded?.id]).toEqual(['online', entry.id])
  await provider.stop()
})

test('checks beside full slots take no paid answer its place', async () => {
  const { checker, answer, provider, market, requester, shut, open } = await openCheckedMarket(2)
  const { requester: _, ...joined } = await market.joinRequester()
  const second = createRequester({ ...joined, chain: market.chain, wallet: accounts[3] })
  shut()
  const checks = [checker(answer), checker(answer)]
  await nextTurn()
  const asked = [requester, second].map((each) => runAsk(each.ask(makeAsk(), never)))
  await expect.poll(() => provider.status().jobs.length).toBe(2)
  open()
  for (const { error, tokenIds } of await Promise.all(asked)) {
    expect([error, tokenIds]).toEqual([null, answer.tokenIds])
  }
  for (const { verdict } of await Promise.all(checks)) expect(verdict).toBe('confirmed')
  await provider.stop()
})

test('a tab that stops sharing gives the model’s memory back', async () => {
  const { engine, provider, checker, answer } = await openCheckedMarket()
  expect(engine.loaded?.id).toBe(entry.id)
  await provider.stop()
  expect(engine.loaded).toBeNull()
  expect((await checker(answer)).verdict).toBe('confirmed')
  expect(engine.loaded).toBeNull()
})

test('a tab that stops sharing during a check ends it with the model still there', async () => {
  const { engine, provider, checker, answer, shut, open } = await openCheckedMarket()
  shut()
  const checking = checker(answer)
  await nextTurn()
  await provider.stop()
  expect([provider.status().stage, engine.loaded?.id]).toEqual(['off', entry.id])
  open()
  expect((await checking).verdict).toBe('confirmed')
  expect(engine.loaded).toBeNull()
})

test('a tab that stops while it answers signs for what it sent, and gives the memory back', async () => {
  const { engine, provider, requester } = await openCheckedMarket()
  let stopping: Promise<void> | undefined
  const answer = await runAsk(requester.ask(makeAsk(), never), (event) => {
    if (event.type === 'tokens' && event.tokens.completionTokens === 10) stopping ??= provider.stop()
  })
  await stopping
  expect(answer.receipt?.receipt.tokens).toEqual(answer.tokens)
  await expect.poll(() => engine.loaded).toBeNull()
})

test('the engine starts while the model’s bytes are still coming, and no more once they are not wanted', async () => {
  const market = openMarket()
  const tab = await market.joinProvider()
  await tab.provider.stop()
  const bytes = Promise.withResolvers<void>()
  const warmed: (AbortSignal | undefined)[] = []
  const engine: Engine = {
    ...tab.engine,
    warm: async ({ signal } = {}) => void warmed.push(signal),
  }
  const slowly: ModelStore = {
    ...models,
    async open(wanted, options) {
      await Promise.race([bytes.promise, whenAborted(options?.signal)])
      return models.open(wanted)
    },
  }
  const provider = createProvider({ ...tab, engine, models: slowly, chain: market.chain, signer: tab.wallet })
  const starting = provider.start({ entry, price }).catch((error: unknown) => error)
  await expect.poll(() => warmed.length).toBe(1)
  expect([provider.status().stage, warmed[0]!.aborted]).toEqual(['download', false])
  await provider.stop()
  await starting
  expect(warmed[0]!.aborted).toBe(true)
})

const whenAborted = (signal?: AbortSignal) =>
  new Promise<void>((resolve) => signal?.addEventListener('abort', () => resolve()))
