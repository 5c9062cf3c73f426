import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startRelay } from '../relay/start-relay.ts'
import { moduleIn, openHarness } from '../tests/browser/harness.ts'
import type * as EchoPage from './echo-page.ts'
import { type Bench, compare } from './measurement.ts'

const roundTrips = 500

/** 100 bytes to another tab and back, over our transport and over a bare data channel between the same tabs. */
export const echoBench: Bench = {
  names: ['echo'],
  async run({ rounds }) {
    const dataDir = await mkdtemp(join(tmpdir(), 'opentab-bench-'))
    const relay = await startRelay({ dataDir })
    const harness = await openHarness()
    try {
      const openTab = async () => moduleIn<typeof EchoPage>(await harness.openPage(), 'bench/echo-page.ts')
      const [near, far] = [await openTab(), await openTab()]
      await near.call('goOnline', relay.multiaddrs)
      const peer = await far.call('goOnline', relay.multiaddrs)
      const answer = await far.call('answerChannel', await near.call('offerChannel'))
      await near.call('acceptChannel', answer)
      const figures = { ours: [] as number[], rival: [] as number[] }
      for (let round = 0; round < rounds; round++) {
        figures.ours.push(await near.call('echoOverTransport', peer, roundTrips))
        figures.rival.push(await near.call('echoOverChannel', roundTrips))
      }
      return [compare('echo', 'round trips/s', 'RTCDataChannel', figures)]
    } finally {
      await harness.close()
      await relay.stop()
      await rm(dataDir, { recursive: true })
    }
  },
}
