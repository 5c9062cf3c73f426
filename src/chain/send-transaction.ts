import { type TransactionReceipt, keccak256 } from 'viem'
import type { Address, Hex } from '../domain/bytes.ts'
import { ChainError } from '../errors/index.ts'
import type { Signer } from '../ports/signer.ts'
import { type SentTransaction, awaitReceipt, handOver } from './await-receipt.ts'
import type { Rpc } from './rpc.ts'

/** Percent of the estimate: between estimate and block a channel or a bond may change, and with it the gas. */
const gasHeadroom = 110n

/** A contract and the ABI-encoded call to it. */
export type Call = { to: Address; data: Hex }

/** A call for somebody else, who has paid a quoted fee: it is not sent when it would take more gas than that. */
export type SponsoredCall = Call & { maxGas: bigint }

/** Sends a call from a signer's account and resolves with its receipt once confirmed. */
export type SendTransaction = (signer: Signer, call: Call | SponsoredCall) => Promise<TransactionReceipt>

/**
 * Returns a sender that gives each account's transactions one after another, so that numbers never collide. While
 * one is unconfirmed, the account's next waits for it: nothing is sent beside what may still happen.
 */
export function createSender(rpc: Rpc): SendTransaction {
  const lastByAccount = new Map<string, Promise<unknown>>()
  const unconfirmed = new Map<string, SentTransaction>()

  async function confirm(account: string, sent: SentTransaction): Promise<TransactionReceipt> {
    // A wallet orders its own transactions, and may replace them unseen.
    if (sent.own) unconfirmed.set(account, sent)
    try {
      const receipt = await awaitReceipt(sent, rpc)
      unconfirmed.delete(account)
      return receipt
    } catch (error) {
      if (error instanceof ChainError && error.code === 'chain/replaced') unconfirmed.delete(account)
      throw error
    }
  }

  async function finishEarlier(account: string): Promise<void> {
    const earlier = unconfirmed.get(account)
    if (!earlier) return
    await confirm(account, earlier).catch((error: unknown) => {
      if (unconfirmed.has(account)) throw error
    })
  }

  async function send(
    account: string,
    signer: Signer,
    call: Call | SponsoredCall,
  ): Promise<TransactionReceipt> {
    await finishEarlier(account)
    const sent = await sign(signer, call, rpc)
    await handOver(sent, rpc)
    const receipt = await confirm(account, sent)
    if (receipt.status === 'reverted') {
      throw new ChainError('chain/reverted', 'The transaction was reverted.', { details: sent.hash })
    }
    return receipt
  }

  return (signer, call) => {
    const account = signer.address.toLowerCase()
    const sent = (lastByAccount.get(account) ?? Promise.resolve()).then(() => send(account, signer, call))
    lastByAccount.set(
      account,
      sent.catch(() => {}),
    )
    return sent
  }
}

/** Has a call signed; a wallet sends it at once. What would revert is told before anybody is asked. */
async function sign(signer: Signer, call: Call | SponsoredCall, rpc: Rpc): Promise<SentTransaction> {
  const { client } = rpc
  const { to, data } = call
  const from = signer.address
  const estimate = await client.estimateGas({ account: from, to, data })
  if ('maxGas' in call && estimate > call.maxGas) throw tooMuchGas(estimate, call.maxGas)
  const gas = (estimate * gasHeadroom) / 100n
  if (signer.sendTransaction) {
    return { hash: await signer.sendTransaction({ to, data, gas }), from, own: null }
  }
  if (!signer.signTransaction) {
    throw new ChainError('chain/cannot-sign', 'This key signs vouchers only and cannot send transactions.')
  }
  const request = await client.prepareTransactionRequest({
    ...(await readPrices(rpc)),
    chain: client.chain,
    account: from,
    to,
    data,
    gas,
  })
  const serializedTransaction = await signer.signTransaction(request)
  const own = { nonce: request.nonce, serializedTransaction }
  return { hash: keccak256(serializedTransaction), from, own }
}

/** The same prices as in a quote, and what headroom there is; left alone, the endpoint would choose a tip of its own. */
async function readPrices({ client, baseFeeHeadroom }: Rpc) {
  const { maxFeePerGas, maxPriorityFeePerGas } = await client.estimateFeesPerGas()
  const baseFee = maxFeePerGas - maxPriorityFeePerGas
  return { maxFeePerGas: baseFee * baseFeeHeadroom + maxPriorityFeePerGas, maxPriorityFeePerGas }
}

function tooMuchGas(gas: bigint, maxGas: bigint): ChainError {
  const details = `${gas} gas in place of at most ${maxGas}`
  return new ChainError('chain/reverted', 'It would take far more gas than its fee is for.', { details })
}
