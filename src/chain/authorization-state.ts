import { decodeAbiParameters } from 'viem'
import type { AuthorizationState, SpendAuthorization } from '../domain/authorization.ts'
import { type Address, type Hex, sameAddress } from '../domain/bytes.ts'
import { isLocalChain } from '../domain/network.ts'
import { permit2Abi } from './abi/permit2.ts'
import { testDollarAbi } from './abi/test-dollar.ts'
import { collectorDataTypes, depositNonce } from './authorize-deposit.ts'
import { permit2Address, permit2DataTypes } from './authorize-permit2.ts'
import { hashChannel } from './hash-channel.ts'
import type { Rpc } from './rpc.ts'
import { readTime } from './token-reads.ts'

/** When an authorisation ends, a Unix time in seconds, and whether a block shows it used. */
type Terms = { validBefore: bigint; isUsedAt: (blockNumber: bigint) => Promise<boolean> }

/**
 * Returns what became of a signed deposit or move of money. The end and the nonce are read at one block, so that an
 * endpoint that lags behind another tells no end of what has happened.
 */
export async function readAuthorization(signed: SpendAuthorization, rpc: Rpc): Promise<AuthorizationState> {
  const { validBefore, isUsedAt } = termsOf(signed, rpc)
  const { number, timestamp } = await rpc.client.getBlock()
  if (await isUsedAt(number)) return 'used'
  // An idle local chain has no new block until something is sent.
  const nowSeconds = isLocalChain(rpc.network) ? await readTime(rpc) : timestamp
  return nowSeconds >= validBefore ? 'ended' : 'open'
}

function termsOf(signed: SpendAuthorization, rpc: Rpc): Terms {
  if (!('config' in signed)) {
    const { from, nonce, validBeforeSeconds } = signed
    return { validBefore: BigInt(validBeforeSeconds), isUsedAt: byNonce(from, nonce, rpc) }
  }
  const { config, collector, collectorData } = signed
  if (sameAddress(collector, rpc.network.collector)) {
    const [, validBefore, salt] = decodeAbiParameters(collectorDataTypes, collectorData)
    const nonce = depositNonce(hashChannel(config, rpc.network), salt)
    return { validBefore, isUsedAt: byNonce(config.payer, nonce, rpc) }
  }
  const [nonce, validBefore] = decodeAbiParameters(permit2DataTypes, collectorData)
  return { validBefore, isUsedAt: byPermit2Nonce(config.payer, nonce, rpc) }
}

/** EIP-3009. */
function byNonce(owner: Address, nonce: Hex, { client, network }: Rpc): Terms['isUsedAt'] {
  const { token: address } = network
  const call = {
    address,
    abi: testDollarAbi,
    functionName: 'authorizationState',
    args: [owner, nonce],
  } as const
  return (blockNumber) => client.readContract({ ...call, blockNumber })
}

/** Permit2 keeps a bit for each nonce, 256 in a word. */
function byPermit2Nonce(owner: Address, nonce: bigint, { client }: Rpc): Terms['isUsedAt'] {
  const args = [owner, nonce >> 8n] as const
  const call = { address: permit2Address, abi: permit2Abi, functionName: 'nonceBitmap', args } as const
  return async (blockNumber) => {
    const bits = await client.readContract({ ...call, blockNumber })
    return ((bits >> (nonce & 255n)) & 1n) === 1n
  }
}
