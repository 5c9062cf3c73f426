import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createForwarder } from '../relay/hub/pay/forwarder.ts'
import { openSqliteHubStore } from '../relay/hub/books/sqlite-hub-store.ts'
import type { Voucher } from '../src/domain/channel.ts'
import { systemClock } from '../src/device/system-clock.ts'
import { signVoucher } from '../src/ledger/sign-voucher.ts'
import { verifyVoucher } from '../src/ledger/verify-voucher.ts'
import {
  type HubParty,
  addParties,
  hubJob,
  hubPayee,
  hubPayer,
  hubSigner,
} from '../tests/fixtures/hub-world.ts'
import { network } from '../tests/fixtures/jobs.ts'
import { type Bench, compare } from './measurement.ts'

/** A round takes little time, and its figures vary. */
const turnsPerRound = 3
const chunksPerTurn = 128
const chunkMicroUsd = 100n
const [payers, payees] = [4, 8]
const balanceMicroUsd = 10n ** 12n

/**
 * A hub's work on one chunk of an answer: checking the requester's voucher, signing its own and putting both on disk.
 * The rival does nothing but check and sign, one voucher after another; each chunk brings a new one.
 */
export const hubBench: Bench = {
  names: ['hub-vouchers', 'hub-throughput'],
  async run({ rounds }) {
    const figures: Record<'bare' | 'kept' | 'together', number[]> = { bare: [], kept: [], together: [] }
    // The first turn only warms up.
    for (let turn = 0; turn <= rounds * turnsPerRound; turn++) {
      const vouchers = await signLadder(hubPayer(0), chunksPerTurn)
      const works = {
        bare: () => checkAndSign(vouchers),
        kept: await keepEach(vouchers),
        together: await forwardAll(),
      }
      for (const name of ['bare', 'kept', 'together'] as const) {
        const chunksPerSecond = await perSecond(chunksPerTurn, works[name])
        if (turn > 0) figures[name].push(chunksPerSecond)
      }
    }
    const against = (name: string, unit: string, ours: number[]) =>
      compare(name, unit, 'check and sign in memory', { ours, rival: figures.bare })
    return [
      against('hub-vouchers', 'vouchers/s', figures.kept),
      against('hub-throughput', 'chunks/s', figures.together),
    ]
  },
}

async function perSecond(count: number, work: () => Promise<void>): Promise<number> {
  const startMs = performance.now()
  await work()
  return (count * 1000) / (performance.now() - startMs)
}

/** Signs vouchers of one payer, each for a chunk and its spread more. */
function signLadder({ signer, channel }: HubParty, count: number): Promise<Voucher[]> {
  const amounts = Array.from({ length: count }, (_, index) => BigInt(index + 1) * (chunkMicroUsd + 2n))
  return Promise.all(amounts.map((amount) => signVoucher(channel.channelId, amount, network, signer)))
}

const { channelId, config } = hubPayer(0).channel
const expected = { channelId, payerAuthorizer: config.payerAuthorizer }

async function checkAndSign(vouchers: Voucher[]): Promise<void> {
  for (const voucher of vouchers) {
    await verifyVoucher(voucher, expected, network)
    await signVoucher(hubPayee(0).channel.channelId, voucher.maxClaimableAmount, network, hubSigner)
  }
}

/** Checks, signs and keeps a voucher at a time on disk, both legs by themselves. */
async function keepEach(vouchers: Voucher[]): Promise<() => Promise<void>> {
  const { store, close } = await openStore()
  const payee = hubPayee(0)
  await addParties(store, [hubPayer(0), payee])
  return async () => {
    for (const voucher of vouchers) {
      await verifyVoucher(voucher, expected, network)
      await store.raiseVoucher('receiver', voucher)
      const amount = voucher.maxClaimableAmount
      await store.raiseVoucher(
        'payer',
        await signVoucher(payee.channel.channelId, amount, network, hubSigner),
      )
    }
    await close()
  }
}

/** Forwards a turn's chunks over the jobs of each payer with each payee, a chunk of every job at a time. */
async function forwardAll(): Promise<() => Promise<void>> {
  const { store, close } = await openStore()
  const from = Array.from({ length: payers }, (_, index) => hubPayer(index))
  const to = Array.from({ length: payees }, (_, index) => hubPayee(index))
  await addParties(store, [...from, ...to])
  const pairs = from.flatMap((payer) => to.map((payee) => [payer, payee] as const))
  const jobs = pairs.map(([payer, payee], index) => hubJob(index + 1, payer, payee, balanceMicroUsd))
  for (const job of jobs) await store.addJob(job)
  const ladders = new Map<string, Voucher[]>()
  for (const payer of from) {
    ladders.set(payer.channel.channelId, await signLadder(payer, chunksPerTurn / payers))
  }
  const forwarder = createForwarder({
    store,
    network,
    signer: hubSigner,
    clock: systemClock,
    coveredMicroUsd: async () => balanceMicroUsd,
  })
  const chunksPerJob = chunksPerTurn / jobs.length
  return async () => {
    const paying = jobs.map(async ({ jobId, payerChannelId }) => {
      for (let chunk = 1; chunk <= chunksPerJob; chunk++) {
        const voucher = ladders.get(payerChannelId)!.shift()!
        await forwarder.forward({ jobId, chargeMicroUsd: BigInt(chunk) * chunkMicroUsd, voucher })
      }
    })
    await Promise.all(paying)
    await close()
  }
}

async function openStore() {
  const directory = await mkdtemp(join(tmpdir(), 'opentab-bench-hub-'))
  const store = openSqliteHubStore(join(directory, 'hub.sqlite'))
  const close = async () => {
    await store.close()
    await rm(directory, { recursive: true })
  }
  return { store, close }
}
