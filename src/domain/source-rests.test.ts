import { expect, test } from 'vitest'
import { SourceRests } from './source-rests.ts'

test('says why a source is left alone, until its rest is over', () => {
  const rests = new SourceRests<string>()
  rests.rest('a', 1000, 'lied')
  expect(rests.reason('a', 999)).toBe('lied')
  expect(rests.reason('b', 999)).toBeNull()
  expect(rests.reason('a', 1000)).toBeNull()
})
