import { describe, expect, it } from 'vitest'
import { chooseModel, type ModelCandidate } from './choose-model.ts'

const id = (byte: string) => `0x${byte.repeat(32)}` as const
const [a, b, c] = [id('a1'), id('b2'), id('c3')]

function candidate(
  model: ModelCandidate['id'],
  netUsd: number | null,
  change: Partial<ModelCandidate> & { steadyNetUsd?: number } = {},
): ModelCandidate {
  const { steadyNetUsd = 1, ...rest } = change
  const earnings = netUsd === null ? null : { busyShare: 0, paidUsd: 0, powerUsd: 0, netUsd, steadyNetUsd }
  return { id: model, fits: true, downloadBytes: 100, earnings, ...rest }
}

describe('the model to share', () => {
  it('is the one that leaves the most an hour, and names the next best', () => {
    const models = [candidate(a, 0.01), candidate(b, 0.03), candidate(c, 0.02)]
    expect(chooseModel(models, null)).toEqual({ id: b, reason: 'earns-most', rival: c })
  })

  it('never is one that does not fit', () => {
    const models = [candidate(a, 0.01), candidate(b, 0.03, { fits: false })]
    expect(chooseModel(models, null)).toEqual({ id: a, reason: 'only', rival: null })
    expect(chooseModel([candidate(b, 1, { fits: false })], b)).toBeNull()
  })

  it('stays where another leaves a little more, and changes where it leaves clearly more', () => {
    const models = (usd: number) => [candidate(a, 0.08), candidate(b, usd)]
    expect(chooseModel(models(0.1), a)).toEqual({ id: a, reason: 'close', rival: b })
    expect(chooseModel(models(0.11), a)).toEqual({ id: b, reason: 'earns-most', rival: a })
  })

  it('does not flap between two that are alike', () => {
    const first = chooseModel([candidate(a, 0.1), candidate(b, 0.11)], a)
    const second = chooseModel([candidate(a, 0.11), candidate(b, 0.1)], first?.id ?? null)
    expect([first?.id, second?.id]).toEqual([a, a])
  })

  it('changes from one that costs more power than it earns', () => {
    expect(chooseModel([candidate(a, -0.02), candidate(b, 0.001)], a)?.id).toBe(b)
  })

  it('is the best of a steady hour where nobody asks for an answer', () => {
    const models = [candidate(a, 0, { steadyNetUsd: 0.02 }), candidate(b, 0, { steadyNetUsd: 0.05 })]
    expect(chooseModel(models, null)).toEqual({ id: b, reason: 'earns-most-steady', rival: a })
  })

  it('is the shortest download as long as nothing was measured', () => {
    const models = [candidate(a, null, { downloadBytes: 900 }), candidate(b, null)]
    expect(chooseModel(models, a)).toEqual({ id: b, reason: 'smallest', rival: null })
  })
})
