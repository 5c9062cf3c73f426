import { expect, it } from 'vitest'
import { entry, offer } from '../../tests/fixtures/fake-tab.ts'
import type { AskEvent } from '../roles/ask/ask-event.ts'
import { Exchange } from './exchange.svelte.ts'

const deposit = { type: 'funding', stage: 'deposit', amountMicroUsd: 1_000n, feeMicroUsd: 2n } as const
const deposited = { ...deposit, stage: 'deposited' } as const
const failure = { code: 'market/provider-full', shortMessage: 'Every tab is busy.', retryable: true } as const

/** An exchange that failed after these events, as it is and as it comes back from the disk. */
function failAfter(...events: AskEvent[]): Exchange[] {
  const start = { id: '1', prompt: 'Bees', modelId: entry.id, modelName: 'Fixture', askedAtMs: 0 }
  const exchange = new Exchange(start)
  for (const event of events) exchange.follow(event)
  exchange.fail(failure)
  return [exchange, Exchange.fromDocument(exchange.toDocument())]
}

it('keeps all that was set aside before it failed', () => {
  const events = [{ ...deposit, stage: 'faucet' } as const, deposit, deposited, deposit, deposited]
  for (const exchange of failAfter(...events)) {
    expect(exchange.deposited).toEqual({ amountMicroUsd: 2_000n, feeMicroUsd: 4n })
    expect(exchange).toMatchObject({ hasOpenDeposit: false, failure })
  }
})

it('knows of a deposit whose end nobody told, unless a tab took the job', () => {
  const again: AskEvent = { type: 'dialling', offer, attempt: 2 }
  for (const exchange of failAfter(deposit, again)) {
    expect(exchange).toMatchObject({ hasOpenDeposit: true, deposited: null })
  }
  for (const exchange of failAfter(deposit, again, { type: 'accepted', offer, promptTokens: 5 })) {
    expect(exchange).toMatchObject({ hasOpenDeposit: false, deposited: null })
  }
})

it('reads what an earlier version of the page kept', () => {
  const { deposited: _, hasOpenDeposit: __, ...document } = failAfter()[0]!.toDocument()
  expect(Exchange.fromDocument(document)).toMatchObject({ hasOpenDeposit: false, deposited: null, failure })
})
