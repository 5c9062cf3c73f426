import type { Environment } from 'vitest/runtime'

/** Tests of view models run in Node, compiled for a browser: runes react in Svelte's browser build alone. */
export default {
  name: 'runes',
  viteEnvironment: 'client',
  setup: () => ({ teardown: () => undefined }),
} satisfies Environment
