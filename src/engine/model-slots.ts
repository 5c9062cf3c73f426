import { EngineError } from '../errors/index.ts'
import type { LoadedModel } from '../ports/engine.ts'
import type { ModelKeeper } from './model-keeper.ts'
import type { StartedModel } from './start-model.ts'

/** Counts the requests that run on a model: no more than it has slots, also when it comes back with fewer. */
export class ModelSlots {
  readonly #keeper: ModelKeeper
  readonly #most: (model: LoadedModel) => number
  #busy = 0

  /** `most` tells how many requests there may be; as many as the model has slots when left out. */
  constructor(keeper: ModelKeeper, most = ({ slots }: LoadedModel): number => slots) {
    this.#keeper = keeper
    this.#most = most
  }

  /**
   * Takes a slot, and returns the model that it is one of.
   *
   * @throws EngineError `engine/not-loaded`, `engine/busy`
   */
  async enter(): Promise<StartedModel> {
    const live = await this.#keeper.live()
    if (this.#take(live)) return live
    throw new EngineError('engine/busy', 'The model is busy with other requests.')
  }

  /**
   * Takes a slot of the model once it is back in another worker.
   *
   * @throws EngineError `loss` where it does not come back as it was, or with too few slots for all
   */
  async reenter(lost: StartedModel, loss: EngineError): Promise<StartedModel> {
    const live = await this.#keeper.revive(lost, loss)
    if (this.#take(live)) return live
    throw loss
  }

  leave(): void {
    this.#busy--
  }

  #take({ loaded }: StartedModel): boolean {
    if (this.#busy >= this.#most(loaded)) return false
    this.#busy++
    return true
  }
}
