import { describe, expect, test } from 'vitest'
import type { Hex } from '../../src/domain/bytes.ts'
import { chargeMicroUsd } from '../../src/domain/price.ts'
import type { Receipt } from '../../src/domain/receipt.ts'
import { StorageError } from '../../src/errors/index.ts'
import { jobHash } from '../../src/ledger/job-hash.ts'
import { createOutputChain, promptHashOf } from '../../src/ledger/output-chain.ts'
import { signOffer } from '../../src/ledger/sign-offer.ts'
import { signReceipt } from '../../src/ledger/sign-receipt.ts'
import { signVoucher } from '../../src/ledger/sign-voucher.ts'
import type { ProviderFrame, RequesterFrame } from '../../src/protocol/infer-messages.ts'
import { inferProtocol } from '../../src/protocol/protocols.ts'
import { expectFrame, providerEnd } from '../../src/roles/common/frames.ts'
import { encodeByteChat } from '../../src/engine/memory-model.ts'
import { accounts, network, price } from '../fixtures/jobs.ts'
import {
  type MarketOptions,
  entry,
  hastyClock,
  makeAsk,
  never,
  openMarket,
  runAsk,
} from '../fixtures/market.ts'
import { testOffer } from '../fixtures/offer.ts'

const [, , wallet, stranger] = accounts
const tokenIds = Array.from(new TextEncoder().encode('an answer that nobody computed'))
const arithmeticId: Hex = `0x${'00'.repeat(32)}`

type JobFrame = Extract<RequesterFrame, { type: 'job' }>
type Lie = {
  accepted?: Partial<Extract<ProviderFrame, { type: 'accepted' }>>
  tokens?: (frame: Extract<ProviderFrame, { type: 'tokens' }>) => ProviderFrame[]
  receipt?: Partial<Receipt>
  receiptSigner?: typeof wallet
}

/** The frames of an honest answer, bent by a lie. */
async function script({ terms }: JobFrame, lie: Lie): Promise<ProviderFrame[]> {
  if (terms.task === 'embed') throw new Error('This provider only answers.')
  const promptIds = encodeByteChat(terms.messages)
  const promptHash = promptHashOf(promptIds)
  const chain = createOutputChain(terms.jobId, 32)
  chain.push(tokenIds)
  const tokens = { promptTokens: promptIds.length, completionTokens: tokenIds.length }
  const receipt: Receipt = {
    jobId: terms.jobId,
    termsHash: jobHash(terms),
    provider: wallet.address,
    channelId: terms.channelId,
    modelId: terms.modelId,
    arithmeticId,
    promptHash,
    outputHead: chain.head(),
    tokens,
    chargeMicroUsd: chargeMicroUsd(tokens, terms.price),
    finishReason: 'stop',
    issuedAtSeconds: 1_700_000_000,
    ...lie.receipt,
  }
  const accepted = { promptTokens: promptIds.length, promptHash, heldVoucher: null, ...lie.accepted }
  const text = new TextDecoder().decode(Uint8Array.from(tokenIds))
  const frame = { type: 'tokens', start: 0, tokenIds, text } as const
  const signed = await signReceipt(receipt, network, lie.receiptSigner ?? wallet)
  return [
    { type: 'accepted', ...accepted },
    ...(lie.tokens?.(frame) ?? [frame]),
    { type: 'receipt', signed, error: null },
  ]
}

/** A market whose only provider lies. */
async function openWithLiar(lie: Lie, options: MarketOptions = {}) {
  const market = openMarket()
  const liar = market.tabs.join()
  await liar.transport.start()
  const paid: bigint[] = []
  let ended = 0
  const seen: { job: JobFrame | null } = { job: null }
  const requester = await market.joinRequester(options)
  liar.transport.handle(inferProtocol, async (stream) => {
    const end = providerEnd(stream, requester.clock)
    seen.job = expectFrame(await end.read(5_000), 'job')
    for (const frame of await script(seen.job, lie)) await end.write(frame)
    try {
      for (let frame = await end.read(60_000); frame; frame = await end.read(60_000)) {
        if (frame.type === 'voucher') paid.push(frame.voucher.maxClaimableAmount)
      }
    } finally {
      ended++
    }
    await end.close()
  })
  const { modelId } = makeAsk()
  const offer = testOffer(liar.peerId, { provider: wallet.address, modelId, arithmeticId, price })
  const { settlement, token } = network
  await liar.directory.publish(await signOffer({ ...offer, settlement, token }, wallet))
  return { ...requester, paid, ended: () => ended }
}

const ask = ({ requester }: Awaited<ReturnType<typeof openWithLiar>>) =>
  runAsk(requester.ask(makeAsk({ modelId: entry.id }), never))

test('the script without a lie is paid in full', async () => {
  const market = await openWithLiar({})
  const answer = await ask(market)
  expect(answer.error).toBeNull()
  expect(answer.text).toBe('an answer that nobody computed')
  await expect.poll(() => market.paid.at(-1)).toBe(answer.chargeMicroUsd)
})

describe('a receipt that lies', () => {
  test.each<[string, Lie]>([
    ['about the charge', { receipt: { chargeMicroUsd: 10_000n } }],
    ['about the tokens', { receipt: { tokens: { promptTokens: 1, completionTokens: 900 } } }],
    ['about the model', { receipt: { modelId: `0x${'ee'.repeat(32)}` } }],
    ['about the answer', { receipt: { outputHead: `0x${'ee'.repeat(32)}` } }],
  ])('%s is told and kept as evidence; only what came is paid', async (_name, lie) => {
    const market = await openWithLiar(lie)
    const answer = await ask(market)
    expect(answer.error?.code).toBe('ledger/bad-receipt')
    expect(answer.receipt).not.toBeNull()
    expect(answer.chargeMicroUsd).toBe(chargeMicroUsd(answer.tokens, price))
  })

  test('signed by somebody else is no receipt', async () => {
    const answer = await ask(await openWithLiar({ receiptSigner: stranger }))
    expect(answer.error?.code).toBe('ledger/bad-signature')
  })
})

describe('a count that lies', () => {
  test.each<[string, Lie]>([
    ['more prompt tokens than there are', { accepted: { promptTokens: 200 } }],
    ['another prompt', { accepted: { promptHash: `0x${'dd'.repeat(32)}` } }],
  ])('%s: the answer is kept, and nothing is paid', async (_name, lie) => {
    const market = await openWithLiar(lie)
    const answer = await ask(market)
    expect(answer.error?.code).toBe('ledger/overcharged')
    expect(answer.chargeMicroUsd).toBe(0n)
    expect(market.paid).toEqual([])
  })

  test('more prompt tokens than bytes is refused before a token came', async () => {
    const market = await openWithLiar({ accepted: { promptTokens: 5_000 } })
    await expect(ask(market)).rejects.toMatchObject({ code: 'ledger/overcharged' })
    expect(market.paid).toEqual([])
  })

  test('a voucher that this tab never signed is not taken over', async () => {
    const heldVoucher = await signVoucher(`0x${'cc'.repeat(32)}`, 500_000n, network, stranger)
    const market = await openWithLiar({ accepted: { heldVoucher } })
    await expect(ask(market)).rejects.toMatchObject({ code: 'ledger/voucher-foreign' })
    expect(market.paid).toEqual([])
  })
})

describe('a disk that is full', () => {
  test('the answer is kept, no voucher leaves the tab unwritten, and the stream is ended', async () => {
    const market = await openWithLiar({
      tokens: (frame) => [
        { ...frame, tokenIds: tokenIds.slice(0, 20), text: 'an answer that nobod' },
        { ...frame, start: 20, tokenIds: tokenIds.slice(20), text: 'y computed' },
      ],
    })
    const { vouchers, paid } = market
    const write = vouchers.raiseVoucher.bind(vouchers)
    vouchers.raiseVoucher = async (side, voucher) => {
      if (paid.length > 0) throw new StorageError('storage/quota', 'The disk is full.')
      return write(side, voucher)
    }
    const answer = await ask(market)
    expect(answer.error?.code).toBe('storage/quota')
    expect(answer.text).toBe('an answer that nobody computed')
    expect(answer.receipt).not.toBeNull()
    await expect.poll(() => market.ended()).toBe(1)
    expect(paid).toEqual([answer.chargeMicroUsd])
  })
})

describe('a provider that reads no vouchers', () => {
  test('cannot keep a requester from cancelling', async () => {
    const many = Array.from({ length: 60 }, (_, index) => index * tokenIds.length)
    const lie: Lie = { tokens: (frame) => many.map((start) => ({ ...frame, start })) }
    const { requester, paid } = await openWithLiar(lie, { clock: hastyClock })
    const cancel = new AbortController()
    const asking = requester.ask(makeAsk({ maxTokens: 2_000 }), cancel.signal)
    const answer = await runAsk(asking, ({ type }) => {
      if (type === 'tokens') setTimeout(() => cancel.abort(), 50)
    })
    expect(answer.finishReason).toBe('cancelled')
    expect(answer.chargeMicroUsd).toBeLessThanOrEqual(chargeMicroUsd(answer.tokens, price))
    expect(paid).toEqual([])
  })
})

describe('an answer without a token', () => {
  test('and without a true receipt is not paid', async () => {
    const market = await openWithLiar({ tokens: () => [] })
    await expect(ask(market)).rejects.toMatchObject({ code: 'ledger/bad-receipt' })
    expect(market.paid).toEqual([])
  })
})

describe('tokens out of turn', () => {
  test('a gap breaks the answer, and what came before it stays', async () => {
    const market = await openWithLiar({
      tokens: (frame) => [
        { ...frame, tokenIds: tokenIds.slice(0, 5), text: 'an an' },
        { ...frame, start: 9, tokenIds: tokenIds.slice(9) },
      ],
    })
    const answer = await ask(market)
    expect(answer.error?.code).toBe('protocol/unexpected-frame')
    expect(answer.text).toBe('an an')
    expect(answer.chargeMicroUsd).toBe(chargeMicroUsd(answer.tokens, price))
  })

  test('text that no token stands for is neither shown without end nor paid', async () => {
    const market = await openWithLiar({
      tokens: (frame) =>
        Array.from({ length: 3 }, () => ({ ...frame, tokenIds: [], text: 'x'.repeat(1_000) })),
    })
    await expect(ask(market)).rejects.toMatchObject({ code: 'protocol/unexpected-frame' })
    expect(market.paid).toEqual([])
  })

  test('more tokens than were asked for are refused', async () => {
    const market = await openWithLiar({
      tokens: (frame) => [0, 30, 60, 90].map((start) => ({ ...frame, start })),
    })
    const answer = await ask(market)
    expect(answer.error?.code).toBe('protocol/unexpected-frame')
    expect(answer.tokenIds.length).toBe(90)
  })
})
