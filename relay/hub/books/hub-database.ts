import { open, rename, rm } from 'node:fs/promises'
import { DatabaseSync } from 'node:sqlite'
import { type BaseError, StorageError } from '../../../src/errors/index.ts'
import type { RelayLog } from '../../log.ts'
import { asDatabaseError, corruptBooks } from './as-database-error.ts'
import { hubMigrations } from './hub-migrations.ts'

/** What opens a database. */
export type HubDatabaseOptions = {
  /** Others than its own are for tests. */
  migrations?: readonly string[]
  /** Told when the books begin to fail, and once a write has come through again. */
  log?: RelayLog
}

/** Of these the disk is to blame, and never who asked. */
const diskCodes: ReadonlySet<string> = new Set(['storage/quota', 'storage/unavailable', 'storage/corrupt'])

/** A hub's SQLite file: one process at a time, and what a write returned for survives a power cut. */
export class HubDatabase {
  readonly sqlite: DatabaseSync
  readonly #path: string
  readonly #version: number
  /** Books that are not open yet, or no more, have nothing to tell. */
  #log: RelayLog = () => {}
  #isFailing = false

  /** @throws StorageError `storage/unavailable`, `storage/corrupt`, `storage/quota` */
  constructor(path: string, { migrations = hubMigrations, log = () => {} }: HubDatabaseOptions = {}) {
    this.#path = path
    this.#version = migrations.length
    this.sqlite = this.#typed(() => new DatabaseSync(path))
    try {
      this.#typed(() => this.sqlite.exec(settings))
      this.#typed(() => this.#check())
      this.write(() => this.#migrate(migrations))
    } catch (error) {
      this.sqlite.close()
      throw error
    }
    this.#log = log
  }

  /** Runs what only reads. @throws StorageError */
  read<result>(work: () => result): result {
    return this.#typed(work)
  }

  /** Runs one transaction: all of it is on disk on return, or nothing of it when it throws. @throws StorageError */
  write<result>(work: () => result): result {
    const written = this.#typed(() => {
      this.sqlite.exec('BEGIN IMMEDIATE')
      try {
        const result = work()
        // A transaction that changes nothing touches no disk, and would prove nothing.
        if (this.#isFailing) this.sqlite.exec(`PRAGMA user_version = ${this.#version}`)
        this.sqlite.exec('COMMIT')
        return result
      } catch (error) {
        // A full disk may have ended the transaction already.
        if (this.sqlite.isTransaction) this.sqlite.exec('ROLLBACK')
        throw error
      }
    })
    if (this.#isFailing) this.#log('hub-books-mended')
    this.#isFailing = false
    return written
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
    this.#log = () => {}
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
    } catch (cause) {
      const error = asDatabaseError(cause, this.#path)
      if (diskCodes.has(error.code)) this.#fail(error)
      throw error
    }
  }

  /** Told once: with no room on the disk every payment fails. */
  #fail({ code, details = '' }: BaseError): void {
    if (!this.#isFailing) this.#log('hub-books-failed', { code, details })
    this.#isFailing = true
  }
}

/** The lock comes first: it is taken with the first read and kept until the process ends, however it ends. */
const settings = `
  PRAGMA locking_mode = EXCLUSIVE;
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = FULL;
  PRAGMA fullfsync = ON;
`
