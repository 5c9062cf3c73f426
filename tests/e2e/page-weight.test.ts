import { gzipSync } from 'node:zlib'
import { type Rolldown, build } from 'vite'
import { expect, test } from 'vitest'

const mostBytes = 60_000

/** Returns a chunk and all that it needs before it runs. */
function withImports(
  file: string,
  chunks: Map<string, Rolldown.OutputChunk>,
  seen = new Set<string>(),
): Set<string> {
  if (seen.has(file)) return seen
  seen.add(file)
  for (const imported of chunks.get(file)?.imports ?? []) withImports(imported, chunks, seen)
  return seen
}

test('the first screen works with at most 60 kB of JavaScript, compressed', async () => {
  const built = (await build({ logLevel: 'error', build: { write: false } })) as Rolldown.RolldownOutput
  const chunks = new Map(
    built.output.flatMap((output) => (output.type === 'chunk' ? [[output.fileName, output] as const] : [])),
  )
  const entry = [...chunks.values()].find(({ isEntry }) => isEntry)
  expect(entry).toBeDefined()
  const first = [...withImports(entry?.fileName ?? '', chunks)]
  const bytes = first.reduce((sum, file) => sum + gzipSync(chunks.get(file)?.code ?? '').length, 0)
  expect(bytes).toBeGreaterThan(1_000)
  expect(bytes).toBeLessThanOrEqual(mostBytes)
})
