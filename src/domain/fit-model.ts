import type { ModelNeeds } from './model-needs.ts'

/** What a machine has for a model. Null stands where its browser does not say. */
export type MachineLimits = {
  /** What computes, best first. */
  backends: readonly ('webgpu' | 'wasm')[]
  /** Memory of the whole computer. */
  memoryBytes: number | null
  /** Largest matrix that its GPU takes. */
  gpuMatrixBytes: number | null
}

/** How a model is to be used. */
export type ModelUse = { slots: number; contextTokens: number }

/** What there is too little of, in bytes. */
export type Shortage = {
  /** The computer's memory, the memory that a page's program can address, or what one matrix may take on the GPU. */
  of: 'memory' | 'program' | 'gpu-matrix'
  neededBytes: number
  thereBytes: number
}

/** Whether a model fits a machine. An estimate in both directions: only loading it tells. */
export type Fit =
  /** `thereBytes` is null where the browser does not say how much memory there is. */
  | { fits: true; backend: 'webgpu' | 'wasm'; neededBytes: number; thereBytes: number | null }
  /** The last back end's shortage; null where there is none to run on. */
  | { fits: false; shortage: Shortage | null }

const gibibyte = 2 ** 30
/** WebAssembly has 32-bit addresses. */
const programBytes = 4 * gibibyte
/** Runtime, graph, tokenizer and page. */
const overheadBytes = 0.4 * gibibyte
/** While a model is loaded its weights are there twice: prepared, and in the runtime. */
const copiesOfWeights = 2
/** An answer is seldom longer, its prompt included. */
const usualTokens = 2048
/** The rest is the system's, the browser's and its owner's. */
const usableShare = 0.5

/** Decides whether a model fits a machine, on the first back end where it does. */
export function fitModel(needs: ModelNeeds, use: ModelUse, machine: MachineLimits): Fit {
  const neededBytes = memoryNeeded(needs, use)
  const thereBytes = machine.memoryBytes === null ? null : machine.memoryBytes * usableShare
  let shortage: Shortage | null = null
  for (const backend of machine.backends) {
    shortage = shortageOn(backend, needs, machine, neededBytes, thereBytes)
    if (shortage === null) return { fits: true, backend, neededBytes, thereBytes }
  }
  return { fits: false, shortage }
}

function memoryNeeded({ weightBytes, cacheBytesPerToken }: ModelNeeds, use: ModelUse): number {
  const cachedTokens = use.slots * Math.min(use.contextTokens, usualTokens)
  return weightBytes * copiesOfWeights + cacheBytesPerToken * cachedTokens + overheadBytes
}

function shortageOn(
  backend: 'webgpu' | 'wasm',
  { weightBytes, largestMatrixBytes }: ModelNeeds,
  { gpuMatrixBytes }: MachineLimits,
  neededBytes: number,
  thereBytes: number | null,
): Shortage | null {
  if (backend === 'webgpu' && gpuMatrixBytes !== null && largestMatrixBytes > gpuMatrixBytes) {
    return { of: 'gpu-matrix', neededBytes: largestMatrixBytes, thereBytes: gpuMatrixBytes }
  }
  const inProgram = weightBytes + overheadBytes
  if (backend === 'wasm' && inProgram > programBytes) {
    return { of: 'program', neededBytes: inProgram, thereBytes: programBytes }
  }
  return thereBytes !== null && neededBytes > thereBytes ? { of: 'memory', neededBytes, thereBytes } : null
}
