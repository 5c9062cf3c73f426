import { copyFile, link } from 'node:fs/promises'
import { resolve } from 'node:path'

/** Puts a file into place. A large one is linked where the disk can do that. */
export async function bring(from: string, to: string): Promise<void> {
  if (resolve(from) === resolve(to)) return
  await link(from, to).catch(() => copyFile(from, to))
}
