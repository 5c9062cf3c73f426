import { expect, test } from 'vitest'
import { channelRecord, voucherOf } from '../../../tests/fixtures/channel.ts'
import { atStake, claimable, firstEndMs } from './earned-channels.ts'

/** A channel with 1,000 on it. */
function earned(promised: bigint, claimed: bigint, announced: bigint | null) {
  const withdrawal = announced === null ? null : { amount: announced, initiatedAtSeconds: 100 }
  const record = { ...channelRecord('a1'), voucher: voucherOf('a1', promised) }
  return { record, state: { balance: 1_000n, totalClaimed: claimed, withdrawal } }
}

test.each<[string, bigint, bigint, bigint | null, bigint]>([
  ['nothing is announced', 300n, 0n, null, 0n],
  ['a micro-dollar', 300n, 0n, 1n, 0n],
  ['all that was never promised', 300n, 0n, 700n, 0n],
  ['a micro-dollar more than that', 300n, 0n, 701n, 1n],
  ['everything', 300n, 0n, 1_000n, 300n],
  ['everything, of which a part is claimed since', 300n, 200n, 1_000n, 100n],
  ['everything, and all of it is claimed since', 300n, 300n, 1_000n, 0n],
  ['a micro-dollar of what is promised beyond the deposit', 1_200n, 0n, 1n, 1n],
  ['what the chain shows as claimed beyond the voucher', 300n, 400n, 600n, 0n],
])('at stake is what a withdrawal would leave uncovered: %s', (_, promised, claimed, announced, stake) => {
  const channel = earned(promised, claimed, announced)
  expect(atStake(channel)).toBe(stake)
  expect(firstEndMs([channel])).toBe(stake > 0n ? 1_000_000 : null)
  // What the contract pays out, and what can be claimed after it.
  const { state, record } = channel
  const unclaimed = state.balance - claimed
  const taken = (announced ?? 0n) < unclaimed ? (announced ?? 0n) : unclaimed
  const after = { record, state: { ...state, balance: state.balance - taken, withdrawal: null } }
  expect(claimable(channel) - claimable(after)).toBe(stake)
})
