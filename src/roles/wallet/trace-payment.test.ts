import { beforeEach, expect, test } from 'vitest'
import { accounts, channelConfig, makeTerms, network } from '../../../tests/fixtures/jobs.ts'
import { createMemoryChain } from '../../chain/memory-chain.ts'
import { ManualClock } from '../../device/manual-clock.ts'
import type { SignedReceipt } from '../../domain/receipt.ts'
import { ChainError } from '../../errors/index.ts'
import { channelIdOf } from '../../ledger/channel-id.ts'
import { jobHash } from '../../ledger/job-hash.ts'
import { signReceipt } from '../../ledger/sign-receipt.ts'
import { signVoucher } from '../../ledger/sign-voucher.ts'
import type { Chain } from '../../ports/index.ts'
import { MemoryVoucherStore } from '../../storage/memory-voucher-store.ts'
import { tracePayment } from './trace-payment.ts'

const [payer, session, provider] = accounts
const channelId = channelIdOf(channelConfig, network)
const terms = makeTerms({ channelId })

let chain: Chain
let vouchers: MemoryVoucherStore
let signed: SignedReceipt

beforeEach(async () => {
  chain = createMemoryChain(network, new ManualClock(1_800_000_000_000))
  vouchers = new MemoryVoucherStore()
  const { chainId, settlement } = network
  const record = { channelId, config: channelConfig, chainId, settlement, voucher: null, claimedMicroUsd: 0n }
  await vouchers.addChannel({ ...record, side: 'receiver' })
  const receipt = {
    jobId: terms.jobId,
    termsHash: jobHash(terms),
    provider: provider.address,
    channelId,
    modelId: terms.modelId,
    arithmeticId: `0x${'aa'.repeat(32)}`,
    promptHash: `0x${'bb'.repeat(32)}`,
    outputHead: `0x${'cc'.repeat(32)}`,
    tokens: { promptTokens: 3, completionTokens: 70 },
    chargeMicroUsd: 143n,
    finishReason: 'length',
    issuedAtSeconds: 1_800_000_000,
  } as const
  signed = await signReceipt(receipt, network, provider)
})

const trace = (receipt: SignedReceipt | null = signed) =>
  tracePayment({ side: 'receiver', channelId, receipt }, { chain, vouchers })

test('a receipt leads to its signer, its voucher and what of its channel is claimed', async () => {
  const voucher = await signVoucher(channelId, 150n, network, session)
  await vouchers.raiseVoucher('receiver', voucher)
  await chain.faucet(payer.address, 1_000n)
  await chain.deposit(channelConfig, 1_000n, payer)
  await chain.claim([{ config: channelConfig, voucher, totalClaimed: 150n }], provider)
  expect(await trace()).toEqual({ isSigned: true, config: channelConfig, voucher, claimedMicroUsd: 150n })
})

test('a receipt that was changed, or is missing, is said to be so', async () => {
  const changed = { ...signed, receipt: { ...signed.receipt, chargeMicroUsd: 142n } }
  expect(await trace(changed)).toMatchObject({ isSigned: false })
  expect(await trace(null)).toMatchObject({ isSigned: null })
})

test('what the chain would say is left open while it does not answer', async () => {
  chain.channel = async () => {
    throw new ChainError('chain/unreachable', 'The chain does not answer.')
  }
  expect(await trace()).toMatchObject({ isSigned: true, voucher: null, claimedMicroUsd: null })
})

test('a channel that this tab never knew has neither terms nor voucher', async () => {
  const found = await tracePayment({ side: 'payer', channelId, receipt: signed }, { chain, vouchers })
  expect(found).toMatchObject({ isSigned: true, config: null, voucher: null })
})
