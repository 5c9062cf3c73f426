import { expect, it } from 'vitest'
import { describeSource } from './source-words.ts'

it.each([
  [null, ''],
  [{ kind: 'site' }, 'from this site'],
  [{ kind: 'mirror', host: 'models.example' }, 'from models.example'],
  [{ kind: 'tabs', tabs: 1 }, 'from 1 tab'],
  [{ kind: 'tabs', tabs: 3 }, 'from 3 tabs'],
  [{ kind: 'tabs', tabs: 0 }, 'looking for tabs that have it'],
] as const)('says where bytes come from: %o', (from, words) => {
  expect(describeSource(from)).toBe(words)
})
