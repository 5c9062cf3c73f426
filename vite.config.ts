import { svelte } from '@sveltejs/vite-plugin-svelte'
import { defaultClientConditions } from 'vite'
import { defineConfig } from 'vitest/config'
import { cacheAssets } from './tools/page/cache-assets.ts'
import { fileHashes } from './tools/page/file-hashes.ts'
import { isolationHeaders, securityPolicy } from './tools/page/security-policy.ts'
import { serveNetwork } from './tools/page/serve-network.ts'

const browserTest = { testTimeout: 180_000, hookTimeout: 180_000, fileParallelism: false, maxWorkers: 1 }

/** Packages that import CommonJS somewhere below: the development server must bundle them beforehand. */
const commonJsInside = [
  '@libp2p/circuit-relay-v2',
  '@libp2p/crypto/keys',
  '@libp2p/identify',
  '@libp2p/noise',
  '@libp2p/peer-id',
  '@libp2p/ping',
  '@libp2p/utils',
  '@libp2p/webrtc',
  '@libp2p/websockets',
  '@libp2p/yamux',
  '@multiformats/multiaddr',
  'libp2p',
]

export default defineConfig({
  plugins: [
    svelte({ configFile: false }),
    fileHashes(),
    securityPolicy(),
    cacheAssets(),
    serveNetwork(process.env.OPENTAB_NETWORK_FILE ?? '.opentab/network.json'),
  ],
  resolve: {
    // The runtime's wasm files come from our own imports; without this Vite would emit a second copy.
    conditions: ['onnxruntime-web-use-extern-wasm', ...defaultClientConditions],
  },
  optimizeDeps: { exclude: ['onnxruntime-web'], include: commonJsInside },
  worker: { format: 'es', plugins: () => [fileHashes()] },
  build: { target: 'es2023', assetsInlineLimit: 0, chunkSizeWarningLimit: 1000 },
  server: { headers: isolationHeaders },
  preview: { headers: isolationHeaders },
  test: {
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: ['{src,relay,tools}/**/*.test.ts'],
          exclude: ['src/state/**', 'src/ui/**'],
          testTimeout: 60_000,
        },
      },
      {
        extends: true,
        test: {
          name: 'state',
          include: ['src/{state,ui}/**/*.test.ts'],
          environment: './tools/page/runes-environment.ts',
          server: { deps: { inline: [/svelte/] } },
        },
      },
      {
        extends: true,
        test: { name: 'conformance', include: ['tests/conformance/**/*.test.ts'], testTimeout: 60_000 },
      },
      {
        extends: true,
        test: {
          name: 'integration',
          include: ['tests/integration/**/*.test.ts'],
          testTimeout: 120_000,
          hookTimeout: 120_000,
          // A busy machine is slow, not wrong.
          expect: { poll: { timeout: 20_000 } },
        },
      },
      { extends: true, test: { name: 'browser', include: ['tests/browser/**/*.test.ts'], ...browserTest } },
      { extends: true, test: { name: 'e2e', include: ['tests/e2e/**/*.test.ts'], ...browserTest } },
    ],
  },
})
