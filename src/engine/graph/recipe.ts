import type { Backend } from '../../ports/engine.ts'
import type { Attention } from './attention.ts'
import { blockProducts } from './block-products.ts'
import { floatProducts } from './float-products.ts'
import { groupedAttention } from './grouped-attention.ts'
import { int8Products } from './int8-products.ts'
import { openAttention } from './open-attention.ts'
import type { Products } from './products.ts'

/**
 * A way to turn a model into a graph. Its name is part of the arithmetic's identity and of the name under which graphs and
 * their prepared weights are kept: whatever changes a bit of any of them, for any family, needs a new number.
 */
export type Recipe = {
  backend: Backend
  products: Products
  attention: Attention
  /** Whether inputs of products are smoothed: for those that round them. */
  smooth: boolean
  /** Whether every machine gets the same bits, alone and in company. A GPU's driver may round as it likes. */
  exact: boolean
}

/** Back end, kind of products, and a number that grows with each change of the arithmetic. */
export type RecipeName = 'wasm-int8-6' | 'wasm-float-4' | 'webgpu-q8-3'

/** All recipes, by name. */
export const recipes: Record<RecipeName, Recipe> = {
  'wasm-int8-6': {
    backend: 'wasm',
    products: int8Products,
    attention: openAttention,
    smooth: true,
    exact: true,
  },
  'wasm-float-4': {
    backend: 'wasm',
    products: floatProducts,
    attention: openAttention,
    smooth: false,
    exact: true,
  },
  'webgpu-q8-3': {
    backend: 'webgpu',
    products: blockProducts,
    attention: groupedAttention,
    smooth: false,
    exact: false,
  },
}

/** The recipe that a back end runs unless a test asks for another. */
export const defaultRecipes: Record<Backend, RecipeName> = { wasm: 'wasm-int8-6', webgpu: 'webgpu-q8-3' }
