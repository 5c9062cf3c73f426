import { fetchJson } from './fetch-json.ts'

/**
 * Returns the JSON of `manifest.json` in a folder that somebody named.
 *
 * @throws StorageError `storage/source-failed`
 */
export function fetchManifest(folder: string, signal?: AbortSignal): Promise<unknown> {
  return fetchJson(
    `${folder.endsWith('/') ? folder : `${folder}/`}manifest.json`,
    'A model description',
    signal,
  )
}
