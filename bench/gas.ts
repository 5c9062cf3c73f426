import { readFile } from 'node:fs/promises'
import { type Bench, type Measurement, compare } from './measurement.ts'

const gasFile = new URL('../contracts/gas.json', import.meta.url)

/** x402's own figures: contracts/evm/snapshots/X402BatchSettlementGasTest.json of its repository. */
const byX402: Record<string, number> = {
  deposit: 84_770,
  claim_1: 40_252,
  claim_10: 192_043,
  settle: 31_204,
  refund: 43_859,
  refund_signed: 53_670,
}
/** What a call may cost at most, alone in its transaction. */
const limits: Record<string, number> = { claim_1: 40_000, claim_10: 192_000, settle: 31_000 }

/**
 * What calls of the settlement contract cost to execute, as its tests keep it in contracts/gas.json. Against x402's own
 * contract it counts as that one's tests do, with warm storage; against the limits as a transaction does, with cold.
 */
export const gasBench: Bench = {
  names: Object.keys(byX402).map(nameOf),
  async run() {
    const gas = JSON.parse(await readFile(gasFile, 'utf8')) as Record<string, number>
    return [
      ...Object.entries(byX402).map(([call, theirs]) =>
        fewerGas(call, gas[`as_x402_${call}`], theirs, "x402's own"),
      ),
      ...Object.entries(limits).map(([call, limit]) => fewerGas(call, gas[call], limit, 'the limit', 1)),
    ]
  },
}

function nameOf(call: string): string {
  return `gas-${call.replace('_', '-')}`
}

function fewerGas(
  call: string,
  ours = Number.NaN,
  theirs: number,
  rivalName: string,
  goal?: number,
): Measurement {
  const [unit, rival] = [`calls per million gas at ${ours} each`, `${rivalName} at ${theirs}`]
  return compare(nameOf(call), unit, rival, { ours: [1e6 / ours], rival: [1e6 / theirs] }, goal)
}
