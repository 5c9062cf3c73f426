import type { Hex } from '../../domain/bytes.ts'
import { recipes } from '../graph/recipe.ts'
import type { LoadPlace } from './load-place.ts'
import type { LoadInput } from './model-calls.ts'
import { openRuntime, type Runtime } from './runtime.ts'
import { nameRuntimeError } from './runtime-error.ts'
import { sha256 } from './sha256.ts'

/** A runtime, and what identifies its arithmetic. */
export type StartedRuntime = { runtime: Runtime; arithmeticId(arithmetic: string): Promise<Hex> }

/** @throws EngineError `engine/load-failed` */
export async function startRuntime(
  { recipe, threads }: LoadInput,
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
