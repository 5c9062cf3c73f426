import { open, rename, rm } from 'node:fs/promises'
import { DatabaseSync } from 'node:sqlite'
import { StorageError } from '../../../src/errors/index.ts'
import { asDatabaseError, corruptBooks } from './as-database-error.ts'
import { hubMigrations } from './hub-migrations.ts'

/** Other migrations are for tests. */
export type HubDatabaseOptions = { migrations?: readonly string[] }

/** A hub's SQLite file: one process at a time, and what a write returned for survives a power cut. */
export class HubDatabase {
  readonly sqlite: DatabaseSync
  readonly #path: string

  /** @throws StorageError `storage/unavailable`, `storage/corrupt`, `storage/quota` */
  constructor(path: string, { migrations = hubMigrations }: HubDatabaseOptions = {}) {
    this.#path = path
    this.sqlite = this.#typed(() => new DatabaseSync(path))
    try {
      this.#typed(() => this.sqlite.exec(settings))
      this.#typed(() => this.#check())
      this.write(() => this.#migrate(migrations))
    } catch (error) {
      this.sqlite.close()
      throw error
    }
  }

  /** Runs what only reads. @throws StorageError */
  read<result>(work: () => result): result {
    return this.#typed(work)
  }

  /** Runs one transaction: all of it is on disk on return, or nothing of it when it throws. @throws StorageError */
  write<result>(work: () => result): result {
    return this.#typed(() => {
      this.sqlite.exec('BEGIN IMMEDIATE')
      try {
        const result = work()
        this.sqlite.exec('COMMIT')
        return result
      } catch (error) {
        // A full disk may have ended the transaction already.
        if (this.sqlite.isTransaction) this.sqlite.exec('ROLLBACK')
        throw error
      }
    })
  }

  /** Writes a copy as of one instant, for its owner alone. The copy before it stays until this one is whole. */
  async copyTo(path: string): Promise<void> {
    const unfinished = `${path}.unfinished`
    try {
      await rm(unfinished, { force: true })
      this.sqlite.prepare('VACUUM INTO ?').run(unfinished)
      const file = await open(unfinished, 'r+')
      await file.chmod(0o600)
      await file.sync()
      await file.close()
      await rename(unfinished, path)
    } catch (error) {
      throw asDatabaseError(error, path)
    }
  }

  close(): void {
    if (this.sqlite.isOpen) this.sqlite.close()
  }

  #check(): void {
    const found = this.sqlite.prepare('PRAGMA quick_check(1)').get()?.quick_check
    if (found !== 'ok') throw corruptBooks({ details: `${this.#path}: ${String(found)}` })
  }

  #migrate(migrations: readonly string[]): void {
    const version = Number(this.sqlite.prepare('PRAGMA user_version').get()?.user_version)
    if (version > migrations.length) {
      throw new StorageError('storage/unavailable', "A newer version of the relay wrote the hub's books.", {
        details: `${this.#path}: version ${version}, this relay knows ${migrations.length}`,
      })
    }
    for (const migration of migrations.slice(version)) this.sqlite.exec(migration)
    this.sqlite.exec(`PRAGMA user_version = ${migrations.length}`)
  }

  #typed<result>(work: () => result): result {
    try {
      return work()
    } catch (error) {
      throw asDatabaseError(error, this.#path)
    }
  }
}

/** The lock comes first: it is taken with the first read and kept until the process ends, however it ends. */
const settings = `
  PRAGMA locking_mode = EXCLUSIVE;
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = FULL;
  PRAGMA fullfsync = ON;
`
