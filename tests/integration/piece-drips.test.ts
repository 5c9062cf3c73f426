import { expect, test } from 'vitest'
import { ManualClock } from '../../src/device/manual-clock.ts'
import {
  type Drips,
  hasAll,
  joinBadLender,
  joinDripper,
  openLendingWorld,
  wishesOn,
  wrongBytes,
} from '../fixtures/bad-lender.ts'
import { beginDownload, passUntil } from '../fixtures/driven-download.ts'

/** What a tab does every so often instead of bringing what it was asked for. */
type Drip = Drips & {
  name: string
  /** How long a download bears it that has nobody else. */
  borneMs: number
}

const drips: Drip[] = [
  { name: 'sends a byte', everyMs: 3_000, frames: [wrongBytes(1)], borneMs: 30_000 },
  { name: 'says that it goes on', everyMs: 3_000, frames: [{ type: 'resumed' }], borneMs: 30_000 },
  { name: 'tells gains', everyMs: 3_000, frames: [{ type: 'gained', pieces: [1] }], borneMs: 30_000 },
  {
    name: 'pauses for a moment',
    everyMs: 3_000,
    frames: [{ type: 'paused' }, { type: 'resumed' }],
    borneMs: 30_000,
  },
  // It may be a tab whose answers go first.
  {
    name: 'sends little in pauses',
    everyMs: 7_000,
    frames: [wrongBytes(9), { type: 'paused' }],
    borneMs: 310_000,
  },
]

/** It gets on, if for hours. */
const slow: Omit<Drip, 'borneMs'> = { name: 'is slow', everyMs: 3_000, frames: [wrongBytes(16_000)] }

test.each([...drips, slow])(
  'what a lender that $name keeps back comes from another tab, and it is left alone',
  async (drip) => {
    const clock = new ManualClock()
    const pieceBytes = 512 * 1024
    const world = await openLendingWorld({ pieceBytes, clock })
    const lines = await joinDripper(world, clock, drip)
    const sentBytes = () => world.lender.status().sentBytes
    const { store, ended, download, keptBytes } = await beginDownload(world)
    // All but the two that were asked of the other one come at once.
    await expect.poll(keptBytes).toBeGreaterThanOrEqual(9.5 * pieceBytes)
    await passUntil(clock, () => sentBytes() > 10 * pieceBytes, 60_000)
    await ended
    expect(download.error).toBeNull()
    await store.remove(world.entry.id)
    await store.fetch(world.entry)
    expect(lines.opened).toBe(1)
    expect(sentBytes()).toBe(2 * world.content.byteLength)
  },
)

test.each(drips)('a download from nobody but a lender that $name ends', async (drip) => {
  const clock = new ManualClock()
  const world = await openLendingWorld({ clock })
  world.lender.stop()
  await joinDripper(world, clock, drip)
  const { download } = await beginDownload(world)
  await passUntil(clock, () => download.isOver, drip.borneMs)
  expect(download.error).toMatchObject({ code: 'storage/source-failed' })
})

test('a lender that begins a piece again and again does not keep a download from its end', async () => {
  const clock = new ManualClock()
  const world = await openLendingWorld({ holds: 6, clock })
  let begun = 0
  await joinBadLender(world, async (stream, write) => {
    await write(hasAll)
    for await (const _piece of wishesOn(stream)) {
      begun += 1
      await write(wrongBytes(16_000), wrongBytes(16_000), wrongBytes(16_000))
      stream.abort(new Error('enough'))
    }
  })
  const { download, keptBytes } = await beginDownload(world)
  await expect.poll(keptBytes).toBe(6 * 64 * 1024)
  // Tabs that brought something are asked a second time.
  await passUntil(clock, () => download.isOver, 700_000)
  expect(download.error).toMatchObject({ code: 'storage/source-failed' })
  expect(begun).toBeGreaterThan(10)
})
