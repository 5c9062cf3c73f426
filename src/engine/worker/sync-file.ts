/** A file of the origin's private file system, read and written at once: only workers have it. */
export type SyncFile = {
  /** Returns how many bytes were read. */
  read(into: Uint8Array<ArrayBuffer>, options: { at: number }): number
  /** Returns how many bytes were written. */
  write(from: Uint8Array<ArrayBuffer>, options: { at: number }): number
  truncate(bytes: number): void
  close(): void
}

/** Browsers that know no modes open files for writing, for one tab at a time. */
type Mode = 'readwrite' | 'read-only'

type SyncFileHandle = FileSystemFileHandle & {
  createSyncAccessHandle(options: { mode: Mode }): Promise<SyncFile>
}

/** Chromium now and then never opens one while its worker is busy; whoever waits goes on without. */
const mostOpenMs = 10_000

/** Opens a file, and creates it if it is to be written. Fails while another tab writes it, and where it takes ten seconds. */
export async function openSyncFile(
  folder: FileSystemDirectoryHandle,
  name: string,
  mode: Mode,
): Promise<SyncFile> {
  const opening = open(folder, name, mode)
  const { promise: tooLate, reject } = Promise.withResolvers<never>()
  const timer = setTimeout(() => reject(new Error('The browser does not open the file.')), mostOpenMs)
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

async function open(folder: FileSystemDirectoryHandle, name: string, mode: Mode): Promise<SyncFile> {
  const handle = await folder.getFileHandle(name, { create: mode === 'readwrite' })
  return (handle as SyncFileHandle).createSyncAccessHandle({ mode })
}
