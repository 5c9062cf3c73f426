import { test } from 'vitest'
import { createMemoryChain } from '../../src/chain/memory-chain.ts'
import { ManualClock } from '../../src/device/manual-clock.ts'
import { network } from '../fixtures/jobs.ts'
import { bondedChainCases } from './bonded-chain.ts'
import { chainCases } from './chain.ts'
import { refundingChainCases } from './refunding-chain.ts'
import { modelRegistryCases } from './model-registry.ts'
import { sponsoredChainCases } from './sponsored-chain.ts'

const bonded = {
  ...network,
  bond: '0x0000000000000000000000000000000000000b04',
  registry: '0x0000000000000000000000000000000000000b05',
} as const

const cases = [
  ...chainCases,
  ...sponsoredChainCases,
  ...refundingChainCases,
  ...bondedChainCases,
  ...modelRegistryCases,
]

test.each(cases)('$name', async ({ run }) => {
  const clock = new ManualClock(1_800_000_000_000)
  await run({
    chain: createMemoryChain(bonded, clock),
    foreign: createMemoryChain({ ...network, chainId: 8453 }, clock),
    advance: (seconds) => clock.advance(seconds * 1000),
  })
})
