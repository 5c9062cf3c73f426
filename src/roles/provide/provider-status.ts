import type { Hub } from '../../domain/hub.ts'
import type { MicroUsd } from '../../domain/price.ts'
import type { PeerError } from '../../errors/index.ts'
import type { BytesFrom, LoadStage, LoadedModel } from '../../ports/index.ts'
import type { LiveJob } from './job-desk.ts'

/** Where a provider is between off and online; `paused` takes no new jobs for now. */
export type ProviderStage =
  'off' | 'download' | 'verify' | LoadStage | 'connect' | 'online' | 'paused' | 'stopping' | 'failed'

/** What the page shows of a provider. */
export type ProviderStatus = {
  stage: ProviderStage
  /** From 0 to 1 within the stage. */
  fraction: number
  /** While downloading. */
  bytes: number
  totalBytes: number
  /** Where they come from; null while nothing comes. */
  from: BytesFrom | null
  loaded: LoadedModel | null
  jobs: LiveJob[]
  /** Hubs that pay this tab now. */
  hubs: Hub[]
  answersServed: number
  /** Paid in vouchers since sharing started. */
  earnedMicroUsd: MicroUsd
  error: PeerError | null
}

/** A tab that does not share. */
export const offStatus: ProviderStatus = {
  stage: 'off',
  fraction: 0,
  bytes: 0,
  totalBytes: 0,
  from: null,
  loaded: null,
  jobs: [],
  hubs: [],
  answersServed: 0,
  earnedMicroUsd: 0n,
  error: null,
}
