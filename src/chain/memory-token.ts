import { decodeAbiParameters, recoverTypedDataAddress } from 'viem'
import type {
  AuthorizationState,
  DepositAuthorization,
  SpendAuthorization,
  TransferAuthorization,
} from '../domain/authorization.ts'
import { type Address, type Hex, sameAddress } from '../domain/bytes.ts'
import { isCanonicalSignature } from '../domain/canonical-signature.ts'
import type { Network } from '../domain/network.ts'
import type { TypedData } from '../ports/signer.ts'
import { collectorDataTypes, depositAuthorization, depositNonce } from './authorize-deposit.ts'
import { transferAuthorization } from './authorize-transfer.ts'
import { hashChannel } from './hash-channel.ts'
import { type MemoryState, addBalance, refusal } from './memory-state.ts'

type TypedDataToSign = Parameters<typeof recoverTypedDataAddress>[0]

/** Returns the EIP-712 domain of the token in memory: that of the test dollar. */
export function memoryTokenDomain({ chainId, token }: Network): TypedData['domain'] {
  return { name: 'Test Dollar', version: '1', chainId, verifyingContract: token }
}

/** Moves money as its owner has signed, once. */
export async function moveAuthorized(
  state: MemoryState,
  transfer: TransferAuthorization,
  network: Network,
  nowSeconds: number,
): Promise<void> {
  const { from, to, amount, validBeforeSeconds, nonce, signature } = transfer
  const data = transferAuthorization(transfer, memoryTokenDomain(network))
  await checkSigned({ ...data, signature }, from, 'transfer')
  spend(state, { from, nonce, validBefore: BigInt(validBeforeSeconds), nowSeconds }, 'transfer')
  addBalance(state, from, -amount)
  addBalance(state, to, amount)
}

/** Takes a deposit's money from its payer as signed, once. */
export async function collectAuthorized(
  state: MemoryState,
  { config, amount, collector, collectorData }: DepositAuthorization,
  channelId: Hex,
  network: Network,
  nowSeconds: number,
): Promise<void> {
  if (!sameAddress(collector, network.collector)) throw refusal('deposit', 'DepositCollectionFailed')
  const [, validBefore, salt, signature] = decodeCollectorData(collectorData)
  const token = memoryTokenDomain(network)
  const { payer } = config
  const order = { channelId, payer, amount, collector, token, salt, validBefore }
  const data = depositAuthorization(order)
  await checkSigned({ ...data, signature }, config.payer, 'deposit')
  const { nonce } = data.message
  spend(state, { from: config.payer, nonce, validBefore, nowSeconds }, 'deposit')
  addBalance(state, config.payer, -amount)
}

function decodeCollectorData(collectorData: Hex) {
  try {
    return decodeAbiParameters(collectorDataTypes, collectorData)
  } catch {
    throw refusal('deposit', 'no reason given')
  }
}

async function checkSigned(data: TypedDataToSign, owner: Address, doing: string): Promise<void> {
  const { signature } = data
  const signer = await recoverTypedDataAddress(data).catch(() => null)
  if (signer && sameAddress(signer, owner) && isCanonicalSignature(signature as Hex)) return
  throw refusal(doing, 'ERC3009InvalidSignature')
}

function spend(
  { spent }: MemoryState,
  { from, nonce, validBefore, nowSeconds }: Spending,
  doing: string,
): void {
  if (BigInt(nowSeconds) >= validBefore) throw refusal(doing, 'ERC3009InvalidAuthorizationTime')
  const key = spentKey(from, nonce)
  if (spent.has(key)) throw refusal(doing, 'ERC3009UsedAuthorization')
  spent.add(key)
}

type Spending = { from: Address; nonce: Hex; validBefore: bigint; nowSeconds: number }

const spentKey = (from: Address, nonce: Hex) => `${from}:${nonce}`.toLowerCase()

/** Returns what became of a signed deposit or move of money. */
export function readAuthorization(
  { spent }: MemoryState,
  signed: SpendAuthorization,
  network: Network,
  nowSeconds: number,
): AuthorizationState {
  const { from, nonce, validBefore } = termsOf(signed, network)
  if (spent.has(spentKey(from, nonce))) return 'used'
  return BigInt(nowSeconds) >= validBefore ? 'ended' : 'open'
}

function termsOf(signed: SpendAuthorization, network: Network): Omit<Spending, 'nowSeconds'> {
  if (!('config' in signed)) return { ...signed, validBefore: BigInt(signed.validBeforeSeconds) }
  const { config, collectorData } = signed
  const [, validBefore, salt] = decodeCollectorData(collectorData)
  return { from: config.payer, nonce: depositNonce(hashChannel(config, network), salt), validBefore }
}
