import { expect, test, vi } from 'vitest'
import { accountsView } from '../../tests/fixtures/accounts-view.ts'
import { fakeTab } from '../../tests/fixtures/fake-tab.ts'
import { AccountError } from '../errors/index.ts'
import type { Accounts, AccountsView } from '../ports/accounts.ts'
import { Account } from './account.svelte.ts'

const view: AccountsView = accountsView
const { local } = accountsView

function open(parts: Partial<Accounts>, isBusy = false) {
  const never = () => new Promise<never>(() => {})
  const accounts: Accounts = {
    view: async () => view,
    watch: () => () => {},
    payer: never,
    earner: never,
    unlock: never,
    decline() {},
    lock: never,
    protect: never,
    backUp: never,
    noteBackup: never,
    restore: never,
    use: never,
    connect: never,
    ...parts,
  }
  const reload = vi.fn()
  const account = new Account(fakeTab({ accounts: async () => accounts }), { isBusy: () => isBusy, reload })
  return { account, reload }
}

test('it shows the accounts, and again whenever they change', async () => {
  let tell = () => {}
  let shown = view
  const watch = (onChange: () => void) => {
    tell = onChange
    return () => {}
  }
  const { account } = open({ view: async () => shown, watch })
  await account.watch()
  await expect.poll(() => account.view).toEqual(view)
  shown = { ...view, wanted: local }
  tell()
  await expect.poll(() => account.view?.wanted).toEqual(local)
})

test('it waits for accounts that cannot be opened yet', async () => {
  vi.useFakeTimers()
  const accounts = { view: async () => view, watch: () => () => {} } as unknown as Accounts
  const opening = vi.fn(async () => accounts).mockRejectedValueOnce(new Error('offline'))
  const account = new Account(fakeTab({ accounts: opening }), { isBusy: () => false, reload() {} })
  void account.watch()
  await vi.advanceTimersByTimeAsync(5_000)
  expect(account.view).toEqual(view)
  vi.useRealTimers()
})

test('a switch opens the page anew', async () => {
  const { account, reload } = open({ use: async () => {} })
  expect(await account.use('0x02')).toBe(true)
  expect(reload).toHaveBeenCalledOnce()
})

test('nothing is switched while an answer is under way', async () => {
  const use = vi.fn(async () => {})
  const { account, reload } = open({ use }, true)
  expect(account.mustStay).toBe(true)
  expect(await account.use('0x02')).toBe(false)
  expect(use).not.toHaveBeenCalled()
  expect(reload).not.toHaveBeenCalled()
})

test('a wish that fails says why, and the next one starts clean', async () => {
  const wrong = new AccountError('account/wrong-passphrase', 'That is not the passphrase.')
  const { account, reload } = open({ restore: () => Promise.reject(wrong), lock: async () => {} })
  expect(await account.restore({ backup: '{}', passphrase: 'x' })).toBe(false)
  expect(account).toMatchObject({ busy: false, failure: { code: 'account/wrong-passphrase' } })
  expect(reload).not.toHaveBeenCalled()
  await account.lock()
  expect(account.failure).toBeNull()
})

test('unlocking goes on beside a wish that waits for it', async () => {
  const opened = Promise.withResolvers<string>()
  const { account } = open({
    backUp: () => opened.promise,
    unlock: async (passphrase) => opened.resolve(`opened with ${passphrase}`),
  })
  const backing = account.backUp('for the file')
  await expect.poll(() => account.busy).toBe(true)
  expect(await account.unlock('for the account')).toBe(true)
  expect(await backing).toBe(true)
  expect(account.backup).toBe('opened with for the account')
  account.begin()
  expect(account.backup).toBeNull()
})
