import type { Hex } from '../../domain/bytes.ts'
import type { MicroUsd } from '../../domain/price.ts'

/** The answers that this tab pays for now, and the most that each may still take out of its channel. */
export class LiveJobs {
  readonly #jobs = new Map<Hex, { channelId: Hex; mostMicroUsd: MicroUsd }>()

  hold(jobId: Hex, channelId: Hex, mostMicroUsd: MicroUsd): void {
    this.#jobs.set(jobId, { channelId, mostMicroUsd })
  }

  release(jobId: Hex): void {
    this.#jobs.delete(jobId)
  }

  reservedOn(channelId: Hex): MicroUsd {
    return this.#on(channelId).reduce((sum, { mostMicroUsd }) => sum + mostMicroUsd, 0n)
  }

  countOn(channelId: Hex): number {
    return this.#on(channelId).length
  }

  #on(channelId: Hex) {
    return [...this.#jobs.values()].filter((job) => job.channelId === channelId)
  }
}
