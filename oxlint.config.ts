import { defineConfig } from 'oxlint'
import { roomOverrides } from './tools/room-rules.ts'

export default defineConfig({
  plugins: ['typescript', 'unicorn', 'oxc', 'import', 'promise', 'vitest'],
  categories: { correctness: 'error', suspicious: 'error' },
  ignorePatterns: ['dist', '.opentab', 'contracts/out', 'contracts/cache', 'src/chain/abi'],
  rules: {
    eqeqeq: 'error',
    'no-console': 'error',
    'no-warning-comments': 'error',
    'prefer-const': 'error',
    'max-lines': ['error', { max: 300 }],
    'import/no-cycle': 'error',
    'typescript/ban-ts-comment': 'error',
    'typescript/consistent-type-imports': 'error',
    'typescript/no-explicit-any': 'error',
    'vitest/no-disabled-tests': 'error',
    'vitest/no-focused-tests': 'error',
    // Against the grain of this code: snapshots by spreading, sorting what was just made, local closures.
    'no-shadow': 'off',
    'no-underscore-dangle': 'off',
    'no-unmodified-loop-condition': 'off',
    'import/no-named-as-default-member': 'off',
    'import/no-unassigned-import': ['error', { allow: ['**/*.css', '**/model-worker.ts'] }],
    'oxc/approx-constant': 'off',
    'promise/always-return': 'off',
    'typescript/no-this-alias': 'off',
    'unicorn/consistent-function-scoping': 'off',
    'unicorn/prefer-add-event-listener': 'off',
    'unicorn/require-post-message-target-origin': 'off',
    'unicorn/no-array-reverse': 'off',
    'unicorn/no-array-sort': 'off',
    'unicorn/no-useless-spread': 'off',
    // Conformance suites assert in the functions that they call.
    'vitest/expect-expect': 'off',
    'vitest/no-conditional-expect': 'off',
    'vitest/require-mock-type-parameters': 'off',
    'vitest/require-to-throw-message': 'off',
  },
  overrides: [
    {
      files: ['tests/**', '**/*.test.ts'],
      rules: { 'typescript/consistent-type-imports': ['error', { disallowTypeAnnotations: false }] },
    },
    { files: ['tools/**', 'relay/**', 'bench/**', 'tests/**'], rules: { 'no-console': 'off' } },
    ...(roomOverrides ?? []),
  ],
})
