import type { Hex } from '../../domain/bytes.ts'
import { recipes } from '../graph/recipe.ts'
import type { LoadPlace, StartedRuntime } from './load-place.ts'
import type { RuntimeInput } from './model-calls.ts'
import { openRuntime } from './runtime.ts'
import { nameRuntimeError } from './runtime-error.ts'
import { sha256 } from './sha256.ts'

/**
 * Returns the runtime that was started early where it is of the right kind, or starts one, which runs after `earlier`.
 *
 * @throws EngineError `engine/load-failed`
 */
export async function startRuntime(
  { recipe, threads }: RuntimeInput,
  { early, runtimeFiles, runStep }: LoadPlace,
  earlier?: Promise<unknown>,
): Promise<StartedRuntime> {
  if (early && early.input.recipe === recipe && early.input.threads === threads) return early.starting
  const { backend } = recipes[recipe]
  try {
    const runtime = await openRuntime(backend, runtimeFiles, threads, runStep, earlier)
    const arithmeticId = (arithmetic: string) => identifyArithmetic(runtimeFiles.programHash, arithmetic)
    return { runtime, arithmeticId }
  } catch (error) {
    throw nameRuntimeError(error, 'engine/load-failed', `The runtime did not start on ${backend}.`)
  }
}

/** The program that computes and the way the graph is built decide every bit of the logits. */
function identifyArithmetic(programHash: Hex, arithmetic: string): Promise<Hex> {
  return sha256(new TextEncoder().encode(`opentab arithmetic\n${programHash}\n${arithmetic}`))
}
