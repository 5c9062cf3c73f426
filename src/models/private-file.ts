/** A file that is read and written in place: only workers have it. */
export type SyncFile = {
  getSize(): number
  read(into: Uint8Array<ArrayBuffer>, options: { at: number }): number
  write(from: Uint8Array<ArrayBuffer>, options: { at: number }): number
  truncate(bytes: number): void
  flush(): void
  close(): void
}

/** A file of the origin's private file system, as browsers have it. */
export type PrivateFile = FileSystemFileHandle & {
  createSyncAccessHandle(options?: { mode: 'read-only' }): Promise<SyncFile>
  move(name: string): Promise<void>
}

/** Chromium now and then never opens one while its worker is busy. */
const mostOpenMs = 10_000

/** Opens a file in place. @throws DOMException `InvalidStateError` where another holds it, or it takes ten seconds */
export async function openInPlace(
  handle: PrivateFile,
  options?: Parameters<PrivateFile['createSyncAccessHandle']>[0],
): Promise<SyncFile> {
  const opening = handle.createSyncAccessHandle(options)
  const { promise: tooLate, reject } = Promise.withResolvers<never>()
  const late = new DOMException('The browser does not open the file.', 'InvalidStateError')
  const timer = setTimeout(() => reject(late), mostOpenMs)
  try {
    return await Promise.race([opening, tooLate])
  } catch (error) {
    // Should it come after all, nobody else could open it meanwhile.
    void opening.then((file) => file.close()).catch(() => {})
    throw error
  } finally {
    clearTimeout(timer)
  }
}
