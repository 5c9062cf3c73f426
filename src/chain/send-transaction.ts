import type { TransactionReceipt } from 'viem'
import type { Address, Hex } from '../domain/bytes.ts'
import { ChainError } from '../errors/index.ts'
import type { Signer } from '../ports/signer.ts'
import type { Rpc } from './rpc.ts'

const receiptTimeoutMs = 60_000

/** A contract and the ABI-encoded call to it. */
export type Call = { to: Address; data: Hex }

/** Sends a call from a signer's account and resolves with its receipt once mined. */
export type SendTransaction = (signer: Signer, call: Call) => Promise<TransactionReceipt>

/** Returns a sender that gives each account's transactions one after another, so that nonces never collide. */
export function createSender({ client }: Rpc): SendTransaction {
  const lastByAccount = new Map<string, Promise<unknown>>()

  async function give(signer: Signer, call: Call): Promise<Hex> {
    if (signer.sendTransaction) {
      // What would revert is told before anybody is asked.
      const gas = await client.estimateGas({ account: signer.address, ...call })
      return signer.sendTransaction({ ...call, gas })
    }
    if (!signer.signTransaction) {
      throw new ChainError('chain/cannot-sign', 'This key signs vouchers only and cannot send transactions.')
    }
    const request = await client.prepareTransactionRequest({
      chain: client.chain,
      account: signer.address,
      ...call,
    })
    const serializedTransaction = await signer.signTransaction(request)
    return client.sendRawTransaction({ serializedTransaction })
  }

  async function send(signer: Signer, call: Call): Promise<TransactionReceipt> {
    const hash = await give(signer, call)
    const receipt = await client.waitForTransactionReceipt({ hash, timeout: receiptTimeoutMs })
    if (receipt.status === 'reverted') {
      throw new ChainError('chain/reverted', 'The transaction was reverted.', { details: hash })
    }
    return receipt
  }

  return (signer, call) => {
    const account = signer.address.toLowerCase()
    const sent = (lastByAccount.get(account) ?? Promise.resolve()).then(() => send(signer, call))
    lastByAccount.set(
      account,
      sent.catch(() => {}),
    )
    return sent
  }
}
