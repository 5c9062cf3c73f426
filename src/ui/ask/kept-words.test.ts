import { describe, expect, it } from 'vitest'
import { keptWords } from './kept-words.ts'

const nothing = { text: '', chargeMicroUsd: 0n, deposited: null, hasOpenDeposit: false }
const deposited = { amountMicroUsd: 1_000_000n, feeMicroUsd: 2_100n }

describe('what a failed answer leaves', () => {
  it('is nothing where nothing came and nothing was set aside', () => {
    expect(keptWords(nothing, 'market/provider-full')).toEqual(['Nothing was paid.'])
  })

  it('is the text, and what was paid for it', () => {
    const text = { ...nothing, text: 'Bees' }
    expect(keptWords(text, 'market/job-broken')).toEqual(['The text above is kept; nothing was paid for it.'])
    expect(keptWords({ ...text, chargeMicroUsd: 18n }, 'market/job-broken')).toEqual([
      'The text above is kept; $0.000018 was paid for it.',
    ])
  })

  it('is a deposit and its fee, and never that nothing was paid', () => {
    expect(keptWords({ ...nothing, deposited }, 'market/provider-full')).toEqual([
      '$1.00 was set aside for later answers; sending it cost $0.0021 of that.',
    ])
    const free = { ...deposited, feeMicroUsd: 0n }
    expect(keptWords({ ...nothing, deposited: free }, 'market/cancelled')).toEqual([
      '$1.00 was set aside for later answers.',
    ])
  })

  it.each(['hub/no-answer', 'page/reloaded'])('is not told where only the chain knows: %s', (code) => {
    expect(keptWords(nothing, code)).toEqual([])
  })

  it('may be a deposit that was under way', () => {
    const open = { ...nothing, hasOpenDeposit: true }
    expect(keptWords(open, 'chain/unreachable')).toEqual([])
    expect(keptWords(open, 'market/cancelled')).toEqual([
      'The deposit that was under way may still be made; your wallet shows it then.',
    ])
  })
})
