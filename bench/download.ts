import { moduleIn, openHarness } from '../tests/browser/harness.ts'
import { serveFiles } from '../tests/fixtures/file-server.ts'
import { describeLargeModel, largePiece, largePieces } from '../tests/fixtures/large-model.ts'
import type * as DownloadPage from './download-page.ts'
import { type Bench, compare, type Figures } from './measurement.ts'

/** 100 MB from a server on this machine to the disk, verified, against a plain fetch of them into memory. */
export const downloadBench: Bench = {
  names: ['download'],
  async run({ rounds }) {
    const content = Buffer.concat(Array.from({ length: largePieces }, (_, number) => largePiece(number)))
    const server = await serveFiles([{ path: 'weights.gguf', content }])
    const harness = await openHarness()
    try {
      const page = moduleIn<typeof DownloadPage>(await harness.openPage(), 'bench/download-page.ts')
      const entry = { ...(await describeLargeModel()), sources: [server.url] }
      const figures: Figures = { ours: [], rival: [] }
      for (let round = 0; round < rounds; round++) {
        figures.ours.push(await page.call('fetchModel', entry))
        figures.rival.push(await page.call('plainFetch', `${server.url}weights.gguf`))
      }
      return [compare('download', 'MB/s', 'fetch', figures)]
    } finally {
      await harness.close()
      await server.close()
    }
  },
}
