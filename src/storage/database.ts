import { openDB, type IDBPDatabase } from 'idb'
import { StorageError, asStorageError } from '../errors/index.ts'
import { migrations, type Migration, type Schema } from './migrations.ts'

/** How long a tab that has just been asked to let go may take to finish what it is writing. */
const blockedWaitMs = 5_000

/** Another name and other migrations are for tests. */
export type DatabaseOptions = {
  name?: string
  migrations?: readonly Migration[]
}

/** The page's IndexedDB database, opened when first used and again after the browser closed it. */
export class Database {
  readonly #name: string
  readonly #migrations: readonly Migration[]
  #connection: Promise<IDBPDatabase<Schema>> | null = null

  constructor(options: DatabaseOptions = {}) {
    this.#name = options.name ?? 'opentab'
    this.#migrations = options.migrations ?? migrations
  }

  /**
   * Runs `work` on an open connection.
   *
   * @throws StorageError `storage/quota` or `storage/unavailable` for whatever the browser throws
   */
  async run<result>(work: (database: IDBPDatabase<Schema>) => Promise<result>): Promise<result> {
    try {
      this.#connection ??= this.#open()
      return await work(await this.#connection)
    } catch (error) {
      throw asStorageError(error)
    }
  }

  async close(): Promise<void> {
    const connection = this.#connection
    this.#connection = null
    const database = await connection?.catch(() => null)
    database?.close()
  }

  async #open(): Promise<IDBPDatabase<Schema>> {
    const blocked = Promise.withResolvers<never>()
    let timer: ReturnType<typeof setTimeout> | undefined
    const opened = openDB<Schema>(this.#name, this.#migrations.length, {
      upgrade: async (database, oldVersion, _newVersion, upgrade) => {
        for (const migrate of this.#migrations.slice(oldVersion)) await migrate(database, upgrade)
      },
      blocked: () => (timer = setTimeout(() => blocked.reject(heldByOlderTab()), blockedWaitMs)),
      // A newer page wants to upgrade: let it. Here every later use says that the tab must be reloaded.
      blocking: () => void this.close(),
      terminated: () => (this.#connection = null),
    })
    try {
      return await Promise.race([opened, blocked.promise])
    } catch (error) {
      this.#connection = null
      void opened.then(
        (late) => late.close(),
        () => undefined,
      )
      throw error
    } finally {
      clearTimeout(timer)
    }
  }
}

function heldByOlderTab(): StorageError {
  return new StorageError(
    'storage/unavailable',
    'Another tab runs an older version of this page. Close it, then try again.',
    { retryable: true },
  )
}
