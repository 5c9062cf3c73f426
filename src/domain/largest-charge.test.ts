import { expect, test } from 'vitest'
import { makeTerms } from '../../tests/fixtures/jobs.ts'
import type { EmbedWork } from './job.ts'
import { largestCharge, maxPromptTokens } from './largest-charge.ts'

test('a prompt never has more tokens than its bytes and template allow', () => {
  expect(maxPromptTokens({ messages: [{ role: 'user', content: 'é' }] })).toBe(256 + 2 + 64)
})

test('the most that embeddings cost is their prompt, a token a byte at most', () => {
  const { price } = makeTerms({})
  const work: EmbedWork = { task: 'embed', texts: ['é', 'b'] }
  expect(maxPromptTokens(work)).toBe(256 + 2 + 64 + 1 + 64)
  const most = largestCharge(work, { contextTokens: 100, price })
  expect(most).toBe((100n * price.promptMicroUsdPerMillion) / 1_000_000n)
})
