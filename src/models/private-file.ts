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
