import { expect, it } from 'vitest'
import { parsePlace } from './navigation.svelte.ts'

it.each([
  ['', 'ask'],
  ['#/share', 'share'],
  ['#wallet', 'wallet'],
  ['#/nowhere', 'ask'],
  ['#/__proto__', 'ask'],
])('an address with %j shows %s', (hash, place) => {
  expect(parsePlace(hash)).toBe(place)
})
