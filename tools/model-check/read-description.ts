import { readFile, stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import type { ModelId, ModelManifest } from '../../src/domain/model.ts'
import { fetchJson } from '../../src/models/fetch-json.ts'
import { manifestLimits, parseManifest } from '../../src/models/manifest-schema.ts'
import { computeModelId } from '../../src/models/model-id.ts'
import { ToolError } from '../tool-error.ts'

/** A manifest, where it lies, and its id. */
export type Description = { address: URL; manifest: ModelManifest; id: ModelId }

/**
 * Reads a manifest by its path or http address, or by that of the folder that holds it.
 *
 * @throws ToolError when nothing is there, StorageError `storage/source-failed`, `storage/malformed-manifest`
 */
export async function readDescription(where: string): Promise<Description> {
  const address = await findManifest(where)
  const manifest = parseManifest(await readJsonAt(address, 'A model description'))
  return { address, manifest, id: await computeModelId(manifest) }
}

/** Whether an address is one of the web, and none of this machine's disk. */
export function isRemote({ protocol }: URL): boolean {
  return protocol !== 'file:'
}

/** Reads JSON that is no longer than a manifest may be. @throws ToolError, StorageError `storage/source-failed` */
export async function readJsonAt(address: URL, what: string): Promise<unknown> {
  if (isRemote(address)) return fetchJson(address.href, what)
  const path = fileURLToPath(address)
  if ((await stat(path)).size > manifestLimits.bytes) throw notRead(`${path} is too long for a description.`)
  try {
    return JSON.parse(await readFile(path, 'utf8')) as unknown
  } catch (cause) {
    throw notRead(`${path} is not JSON.`, cause)
  }
}

async function findManifest(where: string): Promise<URL> {
  if (/^https?:\/\//i.test(where)) {
    if (!URL.canParse(where)) throw notRead(`${where} is no address.`)
    const address = new URL(where)
    if (!address.pathname.endsWith('.json'))
      address.pathname = address.pathname.replace(/\/?$/, '/manifest.json')
    return address
  }
  const path = resolve(where)
  const found = await stat(path).catch(() => null)
  if (!found) throw notRead(`${where} does not exist.`)
  if (!found.isDirectory()) return pathToFileURL(path)
  const manifest = resolve(path, 'manifest.json')
  if (await stat(manifest).catch(() => null)) return pathToFileURL(manifest)
  throw notRead(`${where} holds no manifest.json.`)
}

function notRead(message: string, cause?: unknown): ToolError {
  return new ToolError('tools/check-failed', message, { cause })
}
