import { expect, it } from 'vitest'
import { earnerBalance } from './balance-words.ts'

it('calls what was earned the balance only where the same account pays', () => {
  expect(earnerBalance(null)).toBe('your balance')
  expect(earnerBalance({ payerMicroUsd: null })).toBe('your balance')
  expect(earnerBalance({ payerMicroUsd: 0n })).toBe('this browser’s account')
})
