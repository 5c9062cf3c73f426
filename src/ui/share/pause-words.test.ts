import { expect, it } from 'vitest'
import { describePause } from './pause-words.ts'

it.each([
  [{ kind: 'on-battery' }, 'Paused: this computer runs on battery. It goes on by itself when plugged in.'],
  [
    { kind: 'battery-low', level: 0.284, resumesAtLevel: 0.35 },
    'Paused: the battery is at 28%. It goes on by itself when plugged in, or from 35%.',
  ],
  [{ kind: 'hours', resumesAtMs: null }, 'Paused: no day is chosen below, so it never goes on.'],
] as const)('says why and until when: %o', (pause, words) => {
  expect(describePause(pause)).toBe(words)
})

it.each([
  { kind: 'hours', resumesAtMs: Date.now() + 3_600_000 },
  { kind: 'hot', pressure: 'critical' },
  { kind: 'in-use', of: 'tab', resumesAtMs: 0 },
  { kind: 'in-use', of: 'computer', resumesAtMs: 0 },
] as const)('promises that it goes on by itself: %o', (pause) => {
  expect(describePause(pause)).toMatch(/^Paused: .+\. It goes on by itself .+\.$/)
})
