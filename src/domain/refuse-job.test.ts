import { expect, test } from 'vitest'
import { channelConfig, makeTerms } from '../../tests/fixtures/jobs.ts'
import { testOffer } from '../../tests/fixtures/offer.ts'
import type { ChannelConfig, ChannelState } from './channel.ts'
import type { ChatTerms, EmbedTerms } from './job.ts'
import type { Offer } from './offer.ts'
import { refuseChannel, refuseTerms } from './refuse-job.ts'

const terms = makeTerms({ maxTokens: 10_000 })
const { provider, modelId, price } = terms
const offer = testOffer('peer', { provider, modelId, price, token: channelConfig.token })
const funded: ChannelState = { balance: 1_000n, totalClaimed: 0n, withdrawal: null }

test.each<[string | null, Partial<ChatTerms>, Partial<Offer>]>([
  [null, {}, {}],
  ['wrong-provider', { provider: `0x${'09'.repeat(20)}` }, {}],
  ['wrong-model', { modelId: `0x${'09'.repeat(32)}` }, {}],
  ['wrong-task', {}, { tasks: ['embed'] }],
  [null, {}, { tasks: ['later', 'chat'] }],
  ['price-changed', { price: { ...price, promptMicroUsdPerMillion: 1n } }, {}],
  ['price-changed', { price: { ...price, completionMicroUsdPerMillion: 1n } }, {}],
  ['provider-full', {}, { freeSlots: 0 }],
])('terms: %s', (refusal, change, offered) => {
  expect(refuseTerms({ ...terms, ...change }, { ...offer, ...offered })).toBe(refusal)
})

test.each<[string | null, Partial<ChannelConfig>, Partial<ChannelState>, bigint]>([
  [null, {}, {}, 0n],
  ['wrong-provider', { receiver: channelConfig.payer }, {}, 0n],
  ['wrong-provider', { receiverAuthorizer: channelConfig.payer }, {}, 0n],
  ['wrong-token', { token: channelConfig.payer }, {}, 0n],
  ['short-delay', { withdrawDelay: 899 }, {}, 0n],
  ['withdrawal-pending', {}, { withdrawal: { amount: 1n, initiatedAtSeconds: 1 } }, 0n],
  ['underfunded', {}, { balance: 63n }, 0n],
  [null, {}, { balance: 64n }, 0n],
  ['underfunded', {}, {}, 937n],
])('channel: %s', (refusal, change, state, promised) => {
  const config = { ...channelConfig, ...change }
  expect(refuseChannel(config, { ...funded, ...state }, promised, terms, offer)).toBe(refusal)
})

test('terms that name no task ask for an answer, others for what they name', () => {
  const { jobId, channelId } = terms
  const embed: EmbedTerms = { jobId, channelId, provider, modelId, price, task: 'embed', texts: ['a'] }
  expect(refuseTerms(embed, { ...offer, tasks: ['chat'] })).toBe('wrong-task')
  expect(refuseTerms(embed, offer)).toBeNull()
})
