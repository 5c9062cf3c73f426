import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startRelay } from '../relay/start-relay.ts'
import { moduleIn, openHarness } from '../tests/browser/harness.ts'
import { describeLargeModel, largePieceBytes } from '../tests/fixtures/large-model.ts'
import { type Bench, compare, type Figures } from './measurement.ts'
import type * as PiecesPage from './pieces-page.ts'

const pieces = 8

/** A model from one tab to another, each piece verified, against as many bytes over a bare data channel. */
export const piecesBench: Bench = {
  names: ['pieces'],
  async run({ rounds }) {
    const dataDir = await mkdtemp(join(tmpdir(), 'opentab-bench-'))
    const relay = await startRelay({ dataDir })
    const harness = await openHarness()
    try {
      const openTab = async () =>
        moduleIn<typeof PiecesPage>(await harness.openPage(), 'bench/pieces-page.ts')
      const [reader, lender] = [await openTab(), await openTab()]
      const entry = await describeLargeModel(pieces)
      await lender.call('lend', relay.multiaddrs, entry)
      await reader.call('joinReader', relay.multiaddrs)
      const answer = await lender.call('answerChannel', await reader.call('offerChannel'))
      await reader.call('acceptChannel', answer)
      // The first time the tabs have yet to meet.
      await reader.call('fetchPieces', entry)
      const figures: Figures = { ours: [], rival: [] }
      for (let round = 0; round < rounds; round++) {
        figures.ours.push(await reader.call('fetchPieces', entry))
        figures.rival.push(await reader.call('fetchOverChannel', pieces * largePieceBytes))
      }
      return [compare('pieces', 'MB/s', 'RTCDataChannel', figures)]
    } finally {
      await harness.close()
      await relay.stop()
      await rm(dataDir, { recursive: true })
    }
  },
}
