import type { ProvideOptions, Provider } from '../roles/provide/provide.ts'
import type { ProviderStatus } from '../roles/provide/provider-status.ts'

/** A provider whose offer is out. */
export const online: ProviderStatus = {
  stage: 'online',
  fraction: 1,
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

/** A provider that does what `start` says, and tells its watchers. */
export function fakeProvider(
  start: (
    tell: (status: ProviderStatus) => void,
    signal?: AbortSignal,
    options?: ProvideOptions,
  ) => Promise<void>,
) {
  const watchers = new Set<(status: ProviderStatus) => void>()
  const tell = (status: ProviderStatus) => watchers.forEach((watcher) => watcher(status))
  const provider: Provider = {
    status: () => online,
    watch(onStatus) {
      watchers.add(onStatus)
      return () => watchers.delete(onStatus)
    },
    start: (options, signal) => start(tell, signal, options),
    limit: () => {},
    stop: async () => tell({ ...online, stage: 'off' }),
  }
  return { provider, watchers }
}
