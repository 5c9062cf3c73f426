import type { ReadableFile } from './readable-file.ts'

/** Reads the bytes from `from` up to, not including, `to`; they may lie within others' and are not to be changed. */
export type ReadBytes = (from: number, to: number) => Promise<Uint8Array<ArrayBuffer>>

/** To begin reading takes a browser as long as half a megabyte does, which is more than most tensors of small models are. */
const windowBytes = 2 ** 21
/** What is read at the same time lies close together. */
const mostWindows = 3

/** Returns what reads parts of a file window by window, and those that are longer than one by themselves. */
export function readInWindows(file: ReadableFile): ReadBytes {
  const windows = new Map<number, Promise<Uint8Array<ArrayBuffer>>>()
  const read = async (from: number, to: number) => new Uint8Array(await file.slice(from, to).arrayBuffer())
  const openWindow = (start: number) => {
    const known = windows.get(start)
    if (known) return known
    const reading = read(start, Math.min(start + windowBytes, file.size))
    windows.set(start, reading)
    // A window that cannot be read may be wanted again.
    reading.catch(() => windows.get(start) === reading && windows.delete(start))
    const [oldest] = windows.keys()
    if (windows.size > mostWindows) windows.delete(oldest!)
    return reading
  }
  return async (from, to) => {
    if (to - from >= windowBytes) return read(from, to)
    const first = Math.floor(from / windowBytes) * windowBytes
    const second = first + windowBytes
    if (to <= second) return (await openWindow(first)).subarray(from - first, to - first)
    const [head, tail] = await Promise.all([openWindow(first), openWindow(second)])
    const bytes = new Uint8Array(to - from)
    bytes.set(head.subarray(from - first))
    bytes.set(tail.subarray(0, to - second), second - from)
    return bytes
  }
}
