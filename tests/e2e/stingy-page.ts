import { createMemoryAccount } from '../../src/chain/key-signer.ts'
import { createViemChain } from '../../src/chain/viem-chain.ts'
import { systemClock as clock } from '../../src/device/system-clock.ts'
import { systemRandom as random } from '../../src/device/system-random.ts'
import { toHex } from '../../src/domain/bytes.ts'
import type { ModelId } from '../../src/domain/model.ts'
import type { Network } from '../../src/domain/network.ts'
import { signJob } from '../../src/ledger/sign-job.ts'
import { inferProtocol } from '../../src/protocol/protocols.ts'
import { findOffers } from '../../src/roles/ask/find-offers.ts'
import { requesterEnd } from '../../src/roles/common/frames.ts'
import { fundChannel } from '../../src/roles/fund/fund-channel.ts'
import { MemoryDocumentStore } from '../../src/storage/memory-document-store.ts'
import { MemoryVoucherStore } from '../../src/storage/memory-voucher-store.ts'
import { createLibp2pDirectory } from '../../src/transport/libp2p-directory.ts'
import { createLibp2pTransport } from '../../src/transport/libp2p-transport.ts'

export type Taken = { tokens: number; finishReason: string }

/** Opens a funded channel, asks for a long answer and signs no voucher: returns what it got all the same. */
export async function askWithoutPaying(network: Network, modelId: ModelId): Promise<Taken> {
  const transport = await createLibp2pTransport({ relays: network.relays, development: true })
  const directory = createLibp2pDirectory(transport.relays, clock)
  await transport.start()
  const [wallet, session] = [createMemoryAccount(), createMemoryAccount()]
  const chain = createViemChain(network)
  const [signed] = await findOffers(
    { modelId, task: 'chat' },
    { directory, clock, network, ownPeerId: transport.peerId },
  )
  if (!signed) throw new Error('Nobody offers the model.')
  const { offer } = signed
  const stores = { vouchers: new MemoryVoucherStore(), documents: new MemoryDocumentStore() }
  const deps = { chain, ...stores, wallet, session, random, clock }
  const funding = fundChannel(offer.provider, 10_000n, deps)
  let step = await funding.next()
  while (!step.done) step = await funding.next()
  const { record } = step.value
  const terms = {
    jobId: toHex(random.bytes(32)),
    channelId: record.channelId,
    provider: offer.provider,
    modelId,
    messages: [
      { role: 'user' as const, content: 'Write a long story about a lighthouse keeper and the sea.' },
    ],
    sampler: { temperature: 0, topK: 0, topP: 1, minP: 0, repetitionPenalty: 1 },
    seed: toHex(random.bytes(16)),
    maxTokens: 200,
    stop: [],
    price: offer.price,
  }
  const end = requesterEnd(await transport.open(offer.peerId, inferProtocol), clock)
  const signature = await signJob(terms, network, session)
  await end.write({ type: 'job', terms, channel: record.config, signature })
  const taken: Taken = { tokens: 0, finishReason: '' }
  for (let frame = await end.read(60_000); frame; frame = await end.read(60_000)) {
    if (frame.type === 'tokens') taken.tokens += frame.tokenIds.length
    if (frame.type === 'receipt') taken.finishReason = frame.signed.receipt.finishReason
  }
  await transport.stop()
  return taken
}
