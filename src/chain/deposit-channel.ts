import { encodeFunctionData, erc20Abi, toHex } from 'viem'
import type { Hex } from '../domain/bytes.ts'
import type { ChannelConfig } from '../domain/channel.ts'
import type { MicroUsd } from '../domain/price.ts'
import { ChainError } from '../errors/index.ts'
import type { Signer, TypedData } from '../ports/signer.ts'
import { batchSettlementAbi } from './abi/batch-settlement.ts'
import { testDollarAbi } from './abi/test-dollar.ts'
import { signDeposit } from './authorize-deposit.ts'
import type { Rpc } from './rpc.ts'
import type { SendTransaction } from './send-transaction.ts'

const validitySeconds = 3600n

/** Deposits through an authorisation that the payer signs, in a transaction that the payer sends. */
export async function depositChannel(
  config: ChannelConfig,
  amount: MicroUsd,
  payer: Signer,
  rpc: Rpc,
  send: SendTransaction,
): Promise<Hex> {
  const { settlement, collector } = rpc.network
  await checkBalance(config, amount, rpc)
  const [channelId, token, nowSeconds] = await Promise.all([
    readChannelId(config, rpc),
    readTokenDomain(rpc),
    readTime(rpc),
  ])
  const salt = BigInt(toHex(crypto.getRandomValues(new Uint8Array(32))))
  const validBefore = nowSeconds + validitySeconds
  const data = await signDeposit(payer, { channelId, amount, collector, token, salt, validBefore })
  const receipt = await send(payer, {
    to: settlement,
    data: encodeFunctionData({
      abi: batchSettlementAbi,
      functionName: 'deposit',
      args: [config, amount, collector, data],
    }),
  })
  return receipt.transactionHash
}

async function checkBalance(config: ChannelConfig, amount: MicroUsd, { client }: Rpc): Promise<void> {
  const balance = await client.readContract({
    address: config.token,
    abi: erc20Abi,
    functionName: 'balanceOf',
    args: [config.payer],
  })
  if (balance >= amount) return
  throw new ChainError('chain/insufficient-funds', 'The wallet holds less than the deposit.')
}

function readChannelId(config: ChannelConfig, { client, network }: Rpc): Promise<Hex> {
  return client.readContract({
    address: network.settlement,
    abi: batchSettlementAbi,
    functionName: 'getChannelId',
    args: [config],
  })
}

/** USDC has no EIP-5267 `eip712Domain`, but `name` and `version` are those of its domain. */
async function readTokenDomain({ client, network }: Rpc): Promise<TypedData['domain']> {
  const token = { address: network.token, abi: testDollarAbi } as const
  const [name, version] = await Promise.all([
    client.readContract({ ...token, functionName: 'name' }),
    client.readContract({ ...token, functionName: 'version' }),
  ])
  return { name, version, chainId: network.chainId, verifyingContract: network.token }
}

/** An idle chain's last block may be old, and a test's chain may be ahead of the clock: the later one counts. */
async function readTime({ client }: Rpc): Promise<bigint> {
  const { timestamp } = await client.getBlock()
  const nowSeconds = BigInt(Math.floor(Date.now() / 1000))
  return timestamp > nowSeconds ? timestamp : nowSeconds
}
