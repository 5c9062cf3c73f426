import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { StepQueue, shortStepRows } from './step-queue.ts'

type Job = { name: string; tokens: number; signal: AbortSignal | undefined; owner?: string }

const job = (name: string, tokens = 1, signal?: AbortSignal): Job => ({ name, tokens, signal })
const jobOf = (owner: string, name: string, tokens = 1): Job => ({ ...job(name, tokens), owner })

/** Lets each job come back right after its step, as sequences do, and returns the names step by step. */
function runSteps(jobs: Job[], steps: number): string[] {
  const queue = new StepQueue<Job>()
  for (const each of jobs) queue.add(each)
  return Array.from({ length: steps }, () => {
    const batch = queue.take()
    for (const each of batch) queue.add(each)
    return batch.map(({ name }) => name).join('')
  })
}

test('single tokens share steps, and slices of prompts take turns between them', () => {
  const jobs = [job('a'), job('b'), job('P', 64), job('Q', 64)]
  expect(runSteps(jobs, 8)).toEqual(['P', 'ab', 'Q', 'ab', 'P', 'ab', 'Q', 'ab'])
})

test('prompts take turns when nobody streams', () => {
  expect(runSteps([job('P', 64), job('Q', 16), job('R', 64)], 6).join('')).toBe('PQRPQR')
})

test('more answers than one step takes all go once before the next slice', () => {
  const answers = Array.from('abcdefghij', (name) => job(name))
  expect(runSteps([...answers, job('P', 64)], 4)).toEqual(['P', 'abcdefgh', 'ijabcdef', 'P'])
})

test('only equally many tokens share a step, and never more than eight rows', () => {
  expect(runSteps([job('a', 3), job('b'), job('c', 3), job('d', 3), job('e')], 3)).toEqual(['ac', 'be', 'da'])
})

test('what was cancelled is taken out before the next step', () => {
  const cancel = new AbortController()
  const queue = new StepQueue<Job>()
  for (const each of [job('a', 1, cancel.signal), job('b'), job('P', 64, cancel.signal)]) queue.add(each)
  cancel.abort()
  expect(queue.takeAborted().map(({ name }) => name)).toEqual(['a', 'P'])
  expect([queue.size, queue.streaming]).toEqual([1, true])
  expect(queue.take().map(({ name }) => name)).toEqual(['b'])
  expect(queue.take()).toEqual([])
})

describe('of several owners', () => {
  test('prompts take turns by owner, however many each has', () => {
    const jobs = [...'ABC'].map((name) => jobOf('one', name, 64))
    expect(runSteps([...jobs, jobOf('other', 'x', 64)], 6)).toEqual(['A', 'x', 'B', 'x', 'C', 'x'])
  })

  test('a single answer goes in every step, beside as many of another as fit', () => {
    const jobs = [...'abcdefghij'].map((name) => jobOf('one', name))
    for (const names of runSteps([...jobs, jobOf('other', 'X')], 10)) {
      expect([names.length, names.includes('X')]).toEqual([8, true])
    }
  })

  const anyJobs = fc.array(fc.record({ owner: fc.constantFrom('a', 'b', 'c', 'd'), isLong: fc.boolean() }), {
    minLength: 1,
    maxLength: 40,
  })
  const countBy = (names: string[]) => {
    const counts = new Map<string, number>()
    for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1)
    return counts
  }

  test('each gets as much as any other who could take more, whatever they ask for', () => {
    fc.assert(
      fc.property(anyJobs, (asked) => {
        const jobs = asked.map(({ owner, isLong }, index) => jobOf(owner, `${index}`, isLong ? 64 : 1))
        const queue = new StepQueue<Job>()
        for (const each of jobs) queue.add(each)
        const slices: string[] = []
        const tokens: string[] = []
        const answers = countBy(jobs.filter((each) => each.tokens === 1).map(({ owner }) => owner!))
        for (let step = 0; step < 120; step++) {
          const batch = queue.take()
          const owners = batch.map(({ owner }) => owner!)
          if (batch[0]!.tokens === 1) {
            tokens.push(...owners)
            const got = countBy(owners)
            const most = Math.max(...got.values())
            for (const [owner, waiting] of answers) {
              expect(got.get(owner) ?? 0).toBeGreaterThanOrEqual(Math.min(waiting, most - 1))
            }
          } else slices.push(...owners)
          for (const each of batch) queue.add(each)
        }
        const readers = new Set(jobs.filter((each) => each.tokens === 64).map(({ owner }) => owner!))
        const read = [...readers].map((owner) => countBy(slices).get(owner) ?? 0)
        expect(Math.max(...read, 0) - Math.min(...read, Infinity)).toBeLessThanOrEqual(1)
        for (const owner of answers.keys()) expect(tokens).toContain(owner)
      }),
    )
  })
})

describe('whoever comes and goes', () => {
  const tokens = fc.constantFrom(1, 1, 1, 2, 3, 5, 8, 9, 16, 64)
  const owner = fc.constantFrom('a', 'b', 'c')
  const everybody = fc.array(fc.record({ tokens, owner }), { minLength: 1, maxLength: 24 })

  test('no answer waits for two slices, and no prompt for more than everybody’s turn', () => {
    fc.assert(
      fc.property(everybody, (asked) => {
        const jobs = asked.map((each, index) => jobOf(each.owner, `${index}`, each.tokens))
        const queue = new StepQueue<Job>()
        const waits = new Map(jobs.map((each) => [each, { steps: 0, slices: 0 }]))
        for (const each of jobs) queue.add(each)
        for (let step = 0; step < 200; step++) {
          const batch = queue.take()
          const isSlice = batch[0]!.tokens > shortStepRows
          expect(batch.length * batch[0]!.tokens <= shortStepRows || batch.length === 1).toBe(true)
          for (const [each, wait] of waits) {
            if (batch.includes(each)) Object.assign(wait, { steps: 0, slices: 0 })
            else Object.assign(wait, { steps: wait.steps + 1, slices: wait.slices + Number(isSlice) })
            if (each.tokens <= shortStepRows) expect(wait.slices).toBeLessThan(2)
            expect(wait.steps).toBeLessThanOrEqual(jobs.length * (jobs.length + 1))
          }
          for (const each of batch) queue.add(each)
        }
      }),
    )
  })
})
