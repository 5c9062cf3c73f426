import type { Hex } from '../../domain/bytes.ts'
import { recipes } from '../graph/recipe.ts'
import type { LoadPlace, StartedRuntime } from './load-place.ts'
import type { RuntimeInput } from './model-calls.ts'
import { openRuntime } from './runtime.ts'
import { nameRuntimeError } from './runtime-error.ts'
import { sha256 } from './sha256.ts'

/**
 * Returns the runtime that was started early where it is of the right kind, or starts one.
 *
 * @throws EngineError `engine/load-failed`
 */
export function startRuntime(
  { recipe, threads }: RuntimeInput,
  place: LoadPlace,
  signal: AbortSignal,
): Promise<StartedRuntime> {
  const { early } = place
  if (early && early.input.recipe === recipe && early.input.threads === threads) return early.starting
  return startAnew({ recipe, threads }, place, signal)
}

async function startAnew(
  { recipe, threads }: RuntimeInput,
  { fetchRuntime, runStep }: LoadPlace,
  signal: AbortSignal,
): Promise<StartedRuntime> {
  const { backend } = recipes[recipe]
  const files = await fetchRuntime(signal)
  const program = await sha256(files.wasm)
  try {
    const runtime = await openRuntime(backend, files, threads, runStep)
    return { runtime, arithmeticId: (arithmetic) => identifyArithmetic(program, arithmetic) }
  } catch (error) {
    throw nameRuntimeError(error, 'engine/load-failed', `The runtime did not start on ${backend}.`)
  }
}

/** The program that computes and the way the graph is built decide every bit of the logits. */
function identifyArithmetic(program: Hex, arithmetic: string): Promise<Hex> {
  return sha256(new TextEncoder().encode(`opentab arithmetic\n${program}\n${arithmetic}`))
}
