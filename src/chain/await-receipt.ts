import { type TransactionReceipt, TransactionNotFoundError, TransactionReceiptNotFoundError } from 'viem'
import type { Address, Hex } from '../domain/bytes.ts'
import { ChainError } from '../errors/index.ts'
import { isOutage } from './chain-failure.ts'
import type { Rpc } from './rpc.ts'

/** A transaction that was handed to the chain. What a wallet sent itself has no bytes and no number here. */
export type SentTransaction = {
  hash: Hex
  from: Address
  own: { nonce: number; serializedTransaction: Hex } | null
}

/** Endpoints behind one address are not always at the same block, so one look at a number proves nothing. */
const looksToBelieve = 3

/**
 * Waits until a transaction is in a block and confirmed, through outages, and hands the same bytes over again where
 * the chain has forgotten them. It is never signed anew, so it can happen once at most.
 *
 * @throws ChainError `chain/replaced` when its number was used by another, so that it will never happen;
 *   `chain/unconfirmed` when time is up, and it still may
 */
export async function awaitReceipt(sent: SentTransaction, rpc: Rpc): Promise<TransactionReceipt> {
  const { receiptTimeoutMs, pollingMs } = rpc.timing
  const endsAtMs = Date.now() + receiptTimeoutMs
  let timesOvertaken = 0
  while (true) {
    const seen = await look(sent, rpc)
    if (typeof seen === 'object') return seen
    timesOvertaken = seen === 'overtaken' ? timesOvertaken + 1 : 0
    if (timesOvertaken >= looksToBelieve) throw replaced(sent)
    if (Date.now() >= endsAtMs) throw unconfirmed(sent)
    if (seen === 'forgotten') await handOver(sent, rpc).catch(() => 'time will tell')
    await new Promise((resolve) => setTimeout(resolve, pollingMs))
  }
}

/**
 * Hands a transaction's bytes to the chain. An outage is no failure: they may have arrived.
 * @throws what the endpoint has against them, unless it has them already
 */
export async function handOver(sent: SentTransaction, rpc: Rpc): Promise<void> {
  if (!sent.own) return
  const { serializedTransaction } = sent.own
  try {
    await rpc.client.sendRawTransaction({ serializedTransaction })
  } catch (error) {
    if (isOutage(error)) return
    const isThere = await isKnown(sent, rpc).catch(() => true)
    if (!isThere) throw error
  }
}

type Sight = TransactionReceipt | 'pending' | 'forgotten' | 'overtaken' | 'out of sight'

async function look(sent: SentTransaction, rpc: Rpc): Promise<Sight> {
  try {
    const receipt = await readReceipt(sent.hash, rpc)
    if (receipt) return (await isConfirmed(receipt, rpc)) ? receipt : 'pending'
    if (!sent.own || (await isKnown(sent, rpc))) return 'pending'
    const mined = await rpc.client.getTransactionCount({ address: sent.from, blockTag: 'latest' })
    return mined > sent.own.nonce ? 'overtaken' : 'forgotten'
  } catch {
    // Whatever an endpoint says in place of an answer, the transaction is out and may happen.
    return 'out of sight'
  }
}

function readReceipt(hash: Hex, { client }: Rpc): Promise<TransactionReceipt | null> {
  return client.getTransactionReceipt({ hash }).catch((error: unknown) => {
    if (error instanceof TransactionReceiptNotFoundError) return null
    throw error
  })
}

async function isConfirmed({ blockNumber }: TransactionReceipt, { client, timing }: Rpc): Promise<boolean> {
  if (timing.confirmations <= 1) return true
  const latest = await client.getBlockNumber({ cacheTime: 0 })
  return latest - blockNumber + 1n >= BigInt(timing.confirmations)
}

/** Whether the endpoint has the transaction, in a block or waiting for one. */
function isKnown({ hash }: SentTransaction, { client }: Rpc): Promise<boolean> {
  return client.getTransaction({ hash }).then(
    () => true,
    (error: unknown) => {
      if (error instanceof TransactionNotFoundError) return false
      throw error
    },
  )
}

function replaced({ hash }: SentTransaction): ChainError {
  const message = 'Another transaction of this account took the place of this one. It can be done again.'
  return new ChainError('chain/replaced', message, { details: hash })
}

function unconfirmed({ hash }: SentTransaction): ChainError {
  const message =
    'The transaction was sent and is not confirmed yet. It may still be: nothing needs doing again.'
  return new ChainError('chain/unconfirmed', message, { details: hash })
}
