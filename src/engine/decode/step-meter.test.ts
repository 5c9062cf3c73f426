import { expect, test } from 'vitest'
import { StepCosts } from './step-meter.ts'

function measure(oneRowMs: number, eightRowsMs: number, times = 60): StepCosts {
  const costs = new StepCosts()
  for (let step = 0; step < times; step++) {
    costs.observe(1, oneRowMs)
    costs.observe(8, eightRowsMs)
  }
  return costs
}

test('eight rows are taken to cost one and a half times one until measured', () => {
  expect(new StepCosts().cost(1)).toBe(1)
  expect(new StepCosts().cost(8)).toBeCloseTo(1.5)
})

test('what is measured counts, in steps of one row', () => {
  expect(measure(40, 40).cost(8)).toBeCloseTo(1, 1)
  expect(measure(40, 120).cost(8)).toBeCloseTo(3, 1)
  expect(measure(40, 120).cost(4)).toBeCloseTo(1 + (2 * 3) / 7, 1)
})

test('a step that hung changes little', () => {
  const costs = measure(40, 60)
  costs.observe(1, 10_000)
  expect(costs.cost(8)).toBeCloseTo(1.5, 1)
  costs.observe(8, 10_000)
  expect(costs.cost(8)).toBeLessThan(2)
})

test('several rows say nothing before one row was measured, and never cost less', () => {
  const costs = new StepCosts()
  costs.observe(8, 1)
  expect(costs.cost(8)).toBeCloseTo(1.5)
  expect(measure(40, 20).cost(8)).toBeGreaterThanOrEqual(1)
})
