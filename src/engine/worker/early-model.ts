import type { ModelPart, VerifiedModel } from '../../ports/engine.ts'
import type { RecipeName } from '../graph/recipe.ts'
import { ArrivingFile } from './arriving-file.ts'
import { type PreparedModel, prepareModel } from './prepare-model.ts'
import type { PreparedStore } from './prepared-store.ts'

/** A GGUF model whose weights are prepared while its files still come, part by part, each verified. */
export class EarlyModel {
  readonly #model: Omit<VerifiedModel, 'files'> & { files: ArrivingFile[] }
  readonly #recipe: RecipeName
  readonly #over = new AbortController()
  readonly #preparing: Promise<PreparedModel | null>
  #fraction = 0
  #onProgress: (fraction: number) => void = () => {}

  constructor({ id, manifest }: Omit<VerifiedModel, 'files'>, recipe: RecipeName, prepared: PreparedStore) {
    const { signal } = this.#over
    const files = manifest.files.map(({ bytes }) => new ArrivingFile(bytes, signal))
    this.#model = { id, manifest, files }
    this.#recipe = recipe
    const onProgress = (fraction: number) => this.#onProgress((this.#fraction = fraction))
    // The load that follows tries again, and tells why it cannot be done.
    this.#preparing = prepareModel({ model: this.#model, recipe }, prepared, onProgress, signal).catch(
      () => null,
    )
  }

  /** Adds what was verified of a file. */
  deliver({ file, start, content }: ModelPart): void {
    this.#model.files[file]?.add(start, content)
  }

  /**
   * Returns the model once it is prepared, with the files that are whole now; null where it could not be. Another model,
   * or another recipe, ends it, and gets null too.
   */
  async take(
    { id, files }: VerifiedModel,
    recipe: RecipeName,
    onProgress: (fraction: number) => void,
    signal: AbortSignal,
  ): Promise<PreparedModel | null> {
    if (id !== this.#model.id || recipe !== this.#recipe) {
      await this.#end()
      return null
    }
    if (signal.aborted) this.#over.abort()
    signal.addEventListener('abort', () => this.#over.abort(), { once: true })
    this.#onProgress = onProgress
    if (this.#fraction > 0) onProgress(this.#fraction)
    for (const [file, content] of files.entries()) this.deliver({ file, start: 0, content })
    return this.#preparing
  }

  /** Gives up what was prepared, and whatever it holds. */
  async #end(): Promise<void> {
    this.#over.abort()
    const found = (await this.#preparing)?.found
    await found?.kept
    found?.weights.close()
  }
}
