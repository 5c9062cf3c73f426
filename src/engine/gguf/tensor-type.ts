import { EngineError } from '../../errors/index.ts'

/** Tensor types that can be read, with their block layout. */
const layouts = {
  F32: { blockElements: 1, blockBytes: 4 },
  F16: { blockElements: 1, blockBytes: 2 },
  BF16: { blockElements: 1, blockBytes: 2 },
  Q4_0: { blockElements: 32, blockBytes: 18 },
  Q4_1: { blockElements: 32, blockBytes: 20 },
  Q5_0: { blockElements: 32, blockBytes: 22 },
  Q5_1: { blockElements: 32, blockBytes: 24 },
  Q8_0: { blockElements: 32, blockBytes: 34 },
  Q4_K: { blockElements: 256, blockBytes: 144 },
  Q5_K: { blockElements: 256, blockBytes: 176 },
  Q6_K: { blockElements: 256, blockBytes: 210 },
} as const

/** A tensor type that can be read, by ggml's name. */
export type TensorType = keyof typeof layouts

/** Names of ggml's tensor types by number; those missing here were withdrawn. */
const names: Record<number, string> = {
  0: 'F32',
  1: 'F16',
  2: 'Q4_0',
  3: 'Q4_1',
  6: 'Q5_0',
  7: 'Q5_1',
  8: 'Q8_0',
  9: 'Q8_1',
  10: 'Q2_K',
  11: 'Q3_K',
  12: 'Q4_K',
  13: 'Q5_K',
  14: 'Q6_K',
  15: 'Q8_K',
  16: 'IQ2_XXS',
  17: 'IQ2_XS',
  18: 'IQ3_XXS',
  19: 'IQ1_S',
  20: 'IQ4_NL',
  21: 'IQ3_S',
  22: 'IQ2_S',
  23: 'IQ4_XS',
  24: 'I8',
  25: 'I16',
  26: 'I32',
  27: 'I64',
  28: 'F64',
  29: 'IQ1_M',
  30: 'BF16',
  34: 'TQ1_0',
  35: 'TQ2_0',
  39: 'MXFP4',
}

/** @throws EngineError `engine/unsupported-model` naming the type and the tensor */
export function parseTensorType(number: number, tensor: string): TensorType {
  const name = names[number] ?? `number ${number}`
  if (isReadable(name)) return name
  throw new EngineError('engine/unsupported-model', `Tensors of type ${name} cannot be read yet.`, {
    details: `Tensor ${tensor}; readable are ${Object.keys(layouts).join(', ')}.`,
  })
}

function isReadable(name: string): name is TensorType {
  return name in layouts
}

/** @throws EngineError `engine/malformed-model` when the elements do not fill whole blocks */
export function tensorBytes(type: TensorType, elements: number, tensor: string): number {
  const { blockElements, blockBytes } = layouts[type]
  if (elements % blockElements === 0) return (elements / blockElements) * blockBytes
  throw new EngineError('engine/malformed-model', `Tensor ${tensor} does not fill whole blocks of ${type}.`)
}
