import { type FileHandle, mkdir, open, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { TensorSource } from '../../src/engine/gguf/tensor-source.ts'
import type { BuiltGraph, WeightGroup } from '../../src/engine/graph/graph-builder.ts'

/** Names of a graph's two files within a folder. */
export type GraphFiles = { model: string; weights: string }

/** Writes a graph and its weights, one group of them after the other, into a folder. */
export async function writeGraph(
  graph: BuiltGraph,
  tensors: TensorSource,
  folder: string,
  files: GraphFiles,
): Promise<void> {
  await mkdir(folder, { recursive: true })
  const weights = await open(join(folder, files.weights), 'w')
  try {
    // The last group may end before its file should.
    await weights.truncate(graph.weightBytes)
    for (const group of graph.weights) await writeGroup(group, tensors, weights)
  } finally {
    await weights.close()
  }
  await writeFile(join(folder, files.model), graph.model)
}

async function writeGroup(
  { parts, read }: WeightGroup,
  tensors: TensorSource,
  file: FileHandle,
): Promise<void> {
  const compute = await read(tensors)
  const places = parts.map(({ bytes }) => new Uint8Array(bytes))
  compute(...places)
  for (const [index, { offset }] of parts.entries()) {
    await file.write(places[index]!, 0, places[index]!.length, offset)
  }
}
