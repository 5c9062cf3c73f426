import { openInPlace, type PrivateFile } from './private-file.ts'

/**
 * Writes a file as a whole or not at all: it gets its name once all of it is on the disk.
 * @throws DOMException `QuotaExceededError` when the disk is full, `InvalidStateError` where the file is not opened
 */
export async function writePiece(
  folder: FileSystemDirectoryHandle,
  name: string,
  content: Uint8Array<ArrayBuffer>,
): Promise<void> {
  const handle = (await folder.getFileHandle(`${name}${unfinished}`, { create: true })) as PrivateFile
  const file = await openInPlace(handle)
  try {
    file.truncate(0)
    for (let at = 0; at < content.byteLength;) {
      const written = file.write(content.subarray(at), { at })
      if (written === 0) throw new DOMException('The disk took no more bytes.', 'QuotaExceededError')
      at += written
    }
    file.flush()
  } finally {
    file.close()
  }
  await handle.move(name)
}

/** Ending of a file that is being written. */
export const unfinished = '.part'
