import type { Address, Hex } from '../../../src/domain/bytes.ts'
import type { Network } from '../../../src/domain/network.ts'
import { isSessionOver } from '../../../src/domain/session.ts'
import { HubError } from '../../../src/errors/index.ts'
import { channelIdOf } from '../../../src/ledger/channel-id.ts'
import { verifyHubJob } from '../../../src/ledger/sign-hub.ts'
import type { HubPayRequest } from '../../../src/protocol/hub-messages.ts'
import { refuseForeignChannel } from './refuse-foreign-channel.ts'

/** A job as its requester opens it. */
export type OpenRequest = Extract<HubPayRequest, { type: 'open' }>

/**
 * Checks what a requester opens a job with, as far as its own words go, and returns its channel's id.
 * @throws LedgerError `ledger/bad-channel`, `ledger/bad-signature`
 * @throws HubError `hub/session-over`, `hub/job-refused`
 */
export async function checkOpen(
  { jobId, provider, ceilingMicroUsd, spreadMillionths, channel, signature }: OpenRequest,
  { hub, network, nowSeconds }: { hub: Address; network: Network; nowSeconds: number },
): Promise<Hex> {
  refuseForeignChannel(channel, { account: hub, token: network.token })
  if (isSessionOver(channel, nowSeconds)) {
    throw new HubError('hub/session-over', "This channel's session key has ended.")
  }
  if (ceilingMicroUsd === 0n) throw new HubError('hub/job-refused', 'A job that costs nothing needs no hub.')
  const channelId = channelIdOf(channel, network)
  const job = { jobId, channelId, provider, ceilingMicroUsd, spreadMillionths }
  await verifyHubJob(job, signature, channel.payerAuthorizer, network)
  return channelId
}
