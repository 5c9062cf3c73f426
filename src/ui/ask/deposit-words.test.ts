import { expect, it } from 'vitest'
import { accountsView } from '../../../tests/fixtures/accounts-view.ts'
import type { AccountsView } from '../../state/account.svelte.ts'
import { firstSendWords } from './deposit-words.ts'

const view: AccountsView = accountsView
const { local } = accountsView
const locked = { ...local, protection: 'passphrase', isLocked: true } as const
const wallet = {
  address: '0x02',
  wallet: { id: 'org.example.wallet', name: 'Example Wallet', icon: null },
  isHere: true,
  shows: null,
} as const

it.each([
  ['nobody, where the key is the browser’s own', view, /later answers, without asking\./],
  [
    'whoever holds the key to a locked account',
    { ...view, local: locked },
    /, once you unlock your account\./,
  ],
  [
    'the wallet that pays, and no other',
    { ...view, local: locked, wallet },
    /, and Example Wallet asks you for it\./,
  ],
  ['who is not known yet', null, /later answers\. You can take back/],
])('the first send tells its amount, and asks %s', (_, accounts, asked) => {
  const words = firstSendWords(accounts)
  expect(words).toContain('sets up to $1.00 aside')
  expect(words).toMatch(asked)
})
