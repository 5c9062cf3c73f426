import { expect, it } from 'vitest'
import { splitSentences } from './sentences.ts'

it.each([
  ['', '', ''],
  ['No end yet', '', 'No end yet'],
  // A full stop at the very end may yet become 3.14.
  ['One. Two.', 'One.', ' Two.'],
  ['Pi is 3.14 and', '', 'Pi is 3.14 and'],
  ['“Yes!” she said. And', '“Yes!” she said.', ' And'],
  ['A line\nand more', 'A line\n', 'and more'],
])('splits %j', (text, finished, rest) => {
  expect(splitSentences(text)).toEqual({ finished, rest })
})
