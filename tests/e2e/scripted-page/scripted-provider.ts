import { modelBytes } from '../../../src/domain/smaller-model.ts'
import { EngineError } from '../../../src/errors/index.ts'
import type { Provider } from '../../../src/roles/provide/provide.ts'
import { offStatus, type ProviderStatus } from '../../../src/roles/provide/provider-status.ts'
import { catalogue } from './scripted-market.ts'

const stepMs = 120
const totalBytes = catalogue[0]?.manifest.files[0]?.bytes ?? 0

const online: ProviderStatus = {
  ...offStatus,
  stage: 'online',
  fraction: 1,
  answersServed: 17,
  earnedMicroUsd: 5_678n,
  loaded: {
    id: catalogue[0]?.id ?? '0x',
    backend: 'wasm',
    reason: 'No GPU adapter was found.',
    arithmeticId: `0x${'e5'.repeat(32)}`,
    arithmetic: 'wasm-int8-6',
    contextTokens: 8192,
    slots: 2,
    tokensPerSecond: 31,
    exact: true,
    fromCache: false,
  },
  jobs: [
    {
      jobId: `0x${'10'.repeat(32)}`,
      startedAtMs: 0,
      tokens: { promptTokens: 34, completionTokens: 96 },
      chargeMicroUsd: 11n,
    },
  ],
}

const outOfMemory = new EngineError('engine/out-of-memory', 'The memory here is too small for this.')

const paused: ProviderStatus = { ...online, stage: 'paused', jobs: [] }

/** Walks through the steps of sharing, then has one job under way. Models of more bytes than `mostBytes` find no memory. */
export function createScriptedProvider(mostBytes = Infinity): Provider {
  const listeners = new Set<(status: ProviderStatus) => void>()
  let status = offStatus
  let takesJobs = true
  const show = (next: ProviderStatus) => {
    status = next
    listeners.forEach((listener) => listener(status))
  }
  return {
    status: () => status,
    watch(onStatus) {
      listeners.add(onStatus)
      onStatus(status)
      return () => listeners.delete(onStatus)
    },
    async start({ entry }, signal) {
      for (const stage of ['download', 'verify', 'prepare', 'self-test', 'connect'] as const) {
        if (stage === 'self-test' && modelBytes(entry) > mostBytes) {
          show({ ...offStatus, stage: 'failed', error: outOfMemory.toPeer() })
          throw outOfMemory
        }
        for (const fraction of [0.2, 0.6, 1]) {
          const from = stage === 'download' ? ({ kind: 'tabs', tabs: 3 } as const) : null
          show({ ...offStatus, stage, fraction, bytes: fraction * totalBytes, totalBytes, from })
          await new Promise((resolve) => setTimeout(resolve, stepMs))
          if (signal?.aborted) return show(offStatus)
        }
      }
      show(takesJobs ? online : paused)
    },
    limit(limit) {
      takesJobs = limit.takesJobs
      if (status.stage === 'online' || status.stage === 'paused') show(takesJobs ? online : paused)
    },
    async stop() {
      show({ ...online, stage: 'off', jobs: [] })
    },
  }
}
