import type { ComingModel, ModelPart } from '../../ports/engine.ts'
import type { RecipeName } from '../graph/recipe.ts'
import { ArrivingFile } from './arriving-file.ts'
import { compileModel } from './compile-model.ts'
import type { StartedRuntime } from './load-place.ts'
import type { LoadInput } from './model-calls.ts'
import { incompleteModel, type PreparedModel, prepareModel } from './prepare-model.ts'
import type { KeptGraph, PreparedStore } from './prepared-store.ts'
import type { OpenSession } from './runtime.ts'

/** A model that is prepared, and is being compiled. */
export type BegunModel = { prepared: PreparedModel; compiling: Promise<OpenSession> }

/** A GGUF model that is prepared and compiled while its files still come, part by part, each verified. */
export class EarlyModel {
  readonly #model: ComingModel & { files: ArrivingFile[] }
  readonly #recipe: RecipeName
  readonly #over = new AbortController()
  readonly #finding: Promise<KeptGraph | null>
  readonly #beginning: Promise<BegunModel | null>
  #fraction = 0
  #onProgress: (fraction: number) => void = () => {}

  constructor(
    { id, manifest }: ComingModel,
    recipe: RecipeName,
    store: Pick<PreparedStore, 'create'>,
    finding: Promise<KeptGraph | null>,
    starting: Promise<StartedRuntime>,
  ) {
    const { signal } = this.#over
    const files = manifest.files.map(({ bytes }) => new ArrivingFile(bytes, signal))
    this.#model = { id, manifest, files }
    this.#recipe = recipe
    this.#finding = finding
    // The load that follows tries again, and tells why it cannot be done.
    this.#beginning = this.#begin(store, starting).catch(() => null)
  }

  /** Adds what was verified of a file. */
  deliver({ file, start, content }: ModelPart): void {
    this.#model.files[file]?.add(start, content)
  }

  /**
   * Returns the model once it is prepared, from what is there of its files now; null where it could not be. Another model,
   * or another recipe, ends it, and gets null too.
   *
   * @throws EngineError `engine/incomplete-model` when more of the files is needed
   */
  async take(
    { id, files }: LoadInput['model'],
    recipe: RecipeName,
    onProgress: (fraction: number) => void,
    signal: AbortSignal,
  ): Promise<BegunModel | null> {
    if (id !== this.#model.id || recipe !== this.#recipe) {
      await this.#end()
      return null
    }
    if (signal.aborted) this.#over.abort()
    signal.addEventListener('abort', () => this.#over.abort(), { once: true })
    this.#onProgress = onProgress
    if (this.#fraction > 0) onProgress(this.#fraction)
    for (const [file, content] of files.entries()) this.deliver({ file, start: 0, content })
    const isWhole = this.#model.files.every((file) => file.isWhole)
    if (!isWhole && !signal.aborted) {
      if (!(await this.#finding)) throw incompleteModel()
      for (const file of this.#model.files) file.end()
    }
    return this.#beginning
  }

  async #begin(store: Pick<PreparedStore, 'create'>, starting: Promise<StartedRuntime>): Promise<BegunModel> {
    const onProgress = (fraction: number) => this.#onProgress((this.#fraction = fraction))
    const input = { model: this.#model, recipe: this.#recipe }
    const prepared = await prepareModel(input, store, this.#finding, onProgress, this.#over.signal)
    const compiling = starting.then(({ runtime }) => compileModel(prepared, this.#recipe, runtime))
    compiling.catch(() => {})
    return { prepared, compiling }
  }

  /** Gives up what was begun, and whatever it holds. */
  async #end(): Promise<void> {
    this.#over.abort()
    const begun = await this.#beginning
    if (!begun) return
    const { prepared, compiling } = begun
    await Promise.allSettled([compiling, prepared.kept])
    prepared.weights.close()
  }
}
