import { expect, test } from 'vitest'
import { accounts, makeTerms, network } from '../../tests/fixtures/jobs.ts'
import type { Receipt } from '../domain/receipt.ts'
import { jobHash } from './job-hash.ts'
import { createOutputChain, promptHashOf } from './output-chain.ts'
import { signJob, verifyJob } from './sign-job.ts'
import { signReceipt } from './sign-receipt.ts'
import { type Witnessed, verifyReceipt } from './verify-receipt.ts'

const [payer, session, provider] = accounts
const tokenIds = Array.from({ length: 70 }, (_, index) => index * 3)
const promptHash = promptHashOf([1, 2, 3])
const arithmeticId = `0x${'aa'.repeat(32)}` as const

function headOf(ids: readonly number[]) {
  const chain = createOutputChain(makeTerms().jobId, 32)
  chain.push(ids)
  return chain.head()
}

const seen: Witnessed = {
  terms: makeTerms(),
  arithmeticId,
  promptHash,
  tokens: { promptTokens: 3, completionTokens: 70 },
  outputHead: headOf(tokenIds),
}

function makeReceipt(change: Partial<Receipt> = {}): Receipt {
  return {
    jobId: seen.terms.jobId,
    termsHash: jobHash(seen.terms),
    provider: provider.address,
    channelId: seen.terms.channelId,
    modelId: seen.terms.modelId,
    arithmeticId,
    promptHash,
    outputHead: headOf(tokenIds),
    tokens: { promptTokens: 3, completionTokens: 70 },
    chargeMicroUsd: 143n,
    finishReason: 'length',
    issuedAtSeconds: 1_700_000_000,
    ...change,
  }
}

test('a receipt for what was seen is good', async () => {
  await verifyReceipt(await signReceipt(makeReceipt(), network, provider), seen, network)
})

test('one token changed does not match the receipt', async () => {
  const signed = await signReceipt(makeReceipt(), network, provider)
  for (const at of [0, 31, 32, 69]) {
    const outputHead = headOf(tokenIds.with(at, 9999))
    await expect(verifyReceipt(signed, { ...seen, outputHead }, network)).rejects.toMatchObject({
      code: 'ledger/bad-receipt',
      shortMessage: 'The receipt does not match the answer: answer.',
    })
  }
})

test.each<[string, Partial<Receipt>]>([
  ['charge', { chargeMicroUsd: 144n }],
  ['model', { modelId: `0x${'ff'.repeat(32)}` }],
  ['arithmetic', { arithmeticId: `0x${'ff'.repeat(32)}` }],
  ['answer tokens', { tokens: { promptTokens: 3, completionTokens: 69 } }],
  ['prompt', { promptHash: promptHashOf([1, 2]) }],
  ['terms', { termsHash: jobHash(makeTerms({ maxTokens: 65 })) }],
])('a receipt with another %s is refused by name', async (name, change) => {
  const signed = await signReceipt(makeReceipt(change), network, provider)
  await expect(verifyReceipt(signed, seen, network)).rejects.toMatchObject({
    code: 'ledger/bad-receipt',
    shortMessage: `The receipt does not match the answer: ${name}.`,
  })
})

test('a receipt that somebody else signed is refused', async () => {
  const signed = await signReceipt(makeReceipt(), network, payer)
  await expect(verifyReceipt(signed, seen, network)).rejects.toMatchObject({ code: 'ledger/bad-signature' })
})

test('the hash chain does not depend on how tokens arrive', () => {
  const whole = createOutputChain(seen.terms.jobId, 32)
  whole.push(tokenIds)
  const single = createOutputChain(seen.terms.jobId, 32)
  for (const id of tokenIds) single.push([id])
  expect(single.head()).toBe(whole.head())
})

test('a job is signed whole: any change breaks it', async () => {
  const terms = makeTerms()
  const signature = await signJob(terms, network, session)
  await verifyJob(terms, signature, session.address, network)
  const changes = [
    makeTerms({ maxTokens: 65 }),
    makeTerms({ messages: [{ role: 'system', content: 'Hello' }] }),
    makeTerms({ sampler: { ...terms.sampler, temperature: 0.700001 } }),
    makeTerms({ seed: `0x${'45'.repeat(16)}` }),
    makeTerms({ stop: ['x'] }),
  ]
  for (const changed of changes) {
    await expect(verifyJob(changed, signature, session.address, network)).rejects.toMatchObject({
      code: 'ledger/bad-signature',
    })
  }
})
