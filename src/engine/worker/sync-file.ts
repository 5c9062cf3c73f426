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

/** Opens a file, and creates it if it is to be written. Fails while another tab writes it. */
export async function openSyncFile(
  folder: FileSystemDirectoryHandle,
  name: string,
  mode: Mode,
): Promise<SyncFile> {
  const handle = await folder.getFileHandle(name, { create: mode === 'readwrite' })
  return (handle as SyncFileHandle).createSyncAccessHandle({ mode })
}
