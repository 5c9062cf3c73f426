import fc from 'fast-check'
import { expect, test } from 'vitest'
import { guessTokens, longestMatch, mostGuesses } from './guess-tokens.ts'

test('goes on as the text did after its latest longest match', () => {
  const text = [1, 2, 3, 40, 41, 42, 43, 44, 45, 46, 9, 2, 3, 50, 51, 1, 2, 3]
  expect(guessTokens(text)).toEqual({ tokenIds: [40, 41, 42, 43, 44, 45, 46], matched: 3 })
  expect(guessTokens([2, 3, 40, 9, 2, 3, 50, 9, 7, 2, 3]).tokenIds.slice(0, 2)).toEqual([50, 9])
})

test('takes a shorter match where there is no longer one', () => {
  expect(guessTokens([5, 6, 7, 8, 6])).toEqual({ tokenIds: [7, 8, 6, 7, 8, 6, 7], matched: 1 })
})

test('lets a repetition go on', () => {
  expect(guessTokens([1, 2, 1, 2, 1]).tokenIds).toEqual([2, 1, 2, 1, 2, 1, 2])
  expect(guessTokens([4, 4]).tokenIds).toEqual([4, 4, 4, 4, 4, 4, 4])
})

test('guesses nothing where nothing came before', () => {
  for (const text of [[], [1], [1, 2, 3]]) expect(guessTokens(text)).toEqual({ tokenIds: [], matched: 0 })
})

test('what is guessed did follow the matched end once', () => {
  const texts = fc.array(fc.nat(4), { maxLength: 60 })
  fc.assert(
    fc.property(texts, (text) => {
      const { tokenIds, matched } = guessTokens(text)
      expect(matched).toBeLessThanOrEqual(longestMatch)
      expect(matched > 0).toBe(text.indexOf(text.at(-1)!) < text.length - 1)
      if (matched === 0) return
      expect(tokenIds.length).toBe(mostGuesses)
      const wanted = [...text.slice(-matched), tokenIds[0]].join()
      const found = text.some((_, at) => text.slice(at, at + matched + 1).join() === wanted)
      expect(found).toBe(true)
    }),
  )
})
