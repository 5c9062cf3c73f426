import { servePieceFiles } from '../../src/models/serve-piece-files.ts'
import type { Cut } from './power-cut-page.ts'

type SyncFile = {
  write(from: Uint8Array, options: { at: number }): number
  flush(): void
  close(): void
}
type PrivateFile = {
  createSyncAccessHandle(options?: { mode: string }): Promise<SyncFile>
  move(name: string): Promise<void>
}

const { FileSystemSyncAccessHandle } = globalThis as unknown as {
  FileSystemSyncAccessHandle: { prototype: SyncFile }
}
const handles = FileSystemFileHandle.prototype as unknown as PrivateFile
const files = FileSystemSyncAccessHandle.prototype

let cut: Cut | null = null
let opened = -1

addEventListener('message', ({ data }: MessageEvent<{ type: string; cut: Cut }>) => {
  if (data.type === 'cut') ({ cut } = data)
})

/** Each write of a piece passes every moment once, and pieces are written one after the other. */
function pass(moment: number): void {
  if (opened !== cut?.piece || moment !== cut.moment) return
  postMessage({ type: 'cut' })
  // The browser is killed from outside: nothing more may happen here until then.
  for (;;);
}

const { createSyncAccessHandle, move } = handles
const { write, flush, close } = files
handles.createSyncAccessHandle = async function (options) {
  // Those that are only read do not count.
  if (options) return createSyncAccessHandle.call(this, options)
  opened += 1
  pass(0)
  return createSyncAccessHandle.call(this)
}
files.write = function (from, { at }) {
  pass(1)
  const half = from.subarray(0, from.byteLength >> 1)
  const written = write.call(this, half.byteLength > 0 ? half : from, { at })
  pass(2)
  return written
}
files.flush = function () {
  pass(3)
  flush.call(this)
}
files.close = function () {
  pass(4)
  close.call(this)
}
handles.move = async function (name) {
  pass(5)
  const moved = move.call(this, name)
  pass(6)
  await moved
  pass(7)
}

servePieceFiles()
