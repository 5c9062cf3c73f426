import { expect, it } from 'vitest'
import { fundingWords } from './funding-words.ts'

const deposit = { type: 'funding', stage: 'deposit', amountMicroUsd: 1_000_000n, feeMicroUsd: 0n } as const

it('says beforehand that a wallet will ask twice, where it will', () => {
  expect(fundingWords({ ...deposit, asksTwice: true })).toContain('asks twice')
  expect(fundingWords(deposit)).not.toContain('asks twice')
})
