import { afterAll, beforeAll, test } from 'vitest'
import { createViemChain } from '../../src/chain/viem-chain.ts'
import { type LocalChain, startLocalChain } from '../fixtures/local-chain.ts'
import { bondedChainCases } from './bonded-chain.ts'
import { chainCases } from './chain.ts'
import { refundingChainCases } from './refunding-chain.ts'
import { modelRegistryCases } from './model-registry.ts'
import { sponsoredChainCases } from './sponsored-chain.ts'

let local: LocalChain

beforeAll(async () => {
  local = await startLocalChain()
})

afterAll(() => local.stop())

const cases = [
  ...chainCases,
  ...sponsoredChainCases,
  ...refundingChainCases,
  ...bondedChainCases,
  ...modelRegistryCases,
]

test.each(cases)('$name', async ({ run }) => {
  await run({
    chain: createViemChain(local.network),
    foreign: createViemChain({ ...local.network, chainId: 8453 }),
    advance: local.advance,
  })
})
