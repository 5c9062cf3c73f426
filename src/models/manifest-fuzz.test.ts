import fc from 'fast-check'
import { expect, test } from 'vitest'
import { smallFacts, smallFiles } from '../../tests/fixtures/small-model.ts'
import type { ModelManifest } from '../domain/model.ts'
import { StorageError } from '../errors/index.ts'
import { makeManifest } from './make-manifest.ts'
import { manifestLimits, parseManifest } from './manifest-schema.ts'
import { computeModelId } from './model-id.ts'
import { modelPieces, numberPieces } from './pieces.ts'

const files = smallFiles()
/** Has everything that a manifest may have, so that every place of one is broken. */
const { manifest: good } = await makeManifest(
  files,
  {
    ...smallFacts,
    format: 'onnx-folder',
    mirrors: ['https://models.example/someone/small/resolve/main/', 'http://127.0.0.1:8080/'],
    smoothing: files[1]!.path,
  },
  4096,
)

/** Every place of a value, as the keys that lead there. */
function placesIn(value: unknown, path: string[] = []): string[][] {
  if (typeof value !== 'object' || value === null) return [path]
  return [path, ...Object.entries(value).flatMap(([key, part]) => placesIn(part, [...path, key]))]
}

function replaceAt(value: unknown, [key, ...rest]: string[], by: unknown): unknown {
  if (key === undefined) return by
  const copy = (Array.isArray(value) ? [...value] : { ...(value as object) }) as Record<string, unknown>
  copy[key] = replaceAt(copy[key], rest, by)
  return copy
}

const nasty = fc.oneof(
  fc.jsonValue(),
  fc.constantFrom(-1, 0, 0.5, 2 ** 53, 1e308, -0, '', '../x', '/x', 'a\u0000b', '\u202e', '__proto__', '<b>'),
  fc.constantFrom(
    'https://a.example/',
    'https://a.example',
    'https://a.example/?b=/',
    'https://a.example/#/',
  ),
  fc.constantFrom(
    'javascript:alert(1)/',
    'ftp://a.example/',
    'https:///',
    'http://[/',
    'https://a b/',
    '//a.example/',
  ),
  fc.constantFrom('onnx-folder', 'gguf', 'toString', 'weights.gguf', 'more/extra.bin', 'More/extra.bin'),
  fc.string({ unit: 'binary', maxLength: 300 }),
  fc.integer({ min: 0, max: 2 ** 40 }),
)

/** Returns a manifest's pieces if it is taken, and null if it is refused by name; nothing else may come of it. */
async function judge(value: unknown): Promise<number | null> {
  try {
    const manifest = parseManifest(value)
    await computeModelId(manifest)
    const pieces = modelPieces(manifest)
    const numberOf = numberPieces(manifest)
    pieces.forEach((piece, number) => {
      expect(numberOf(piece)).toBe(number)
      expect(piece.bytes).toBeGreaterThan(0)
      expect(piece.bytes).toBeLessThanOrEqual(manifestLimits.maxPieceBytes)
      const { href } = new URL(piece.file.path, 'https://models.example/folder/')
      expect(href.startsWith('https://models.example/folder/')).toBe(true)
    })
    expect(mayBeUsed(manifest)).toBe(true)
    return pieces.length
  } catch (error) {
    expect(error).toBeInstanceOf(StorageError)
    expect((error as StorageError).code).toBe('storage/malformed-manifest')
    expect((error as StorageError).details!.length).toBeLessThan(400)
    return null
  }
}

/** Whether paths stay below the mirrors, scales lie in a file beside the model, and the format is one that is known. */
function mayBeUsed({ files, mirrors = [], smoothing, format }: ModelManifest): boolean {
  const staysBelow = (mirror: string) =>
    /^https?:/.test(mirror) &&
    files.every(({ path }) => new URL(path, mirror).href === `${new URL(mirror).href}${path}`)
  const others = files.slice(1).map(({ path }) => path)
  return (
    mirrors.length <= manifestLimits.mirrors &&
    mirrors.every(staysBelow) &&
    (smoothing === undefined || others.includes(smoothing)) &&
    (format === undefined || format === 'onnx-folder')
  )
}

test('the manifest that is broken below is a good one, and has all that one may have', async () => {
  expect(await judge(good)).toBeGreaterThan(0)
  expect(Object.keys(good)).toEqual(expect.arrayContaining(['format', 'mirrors', 'smoothing']))
  expect(placesIn(good)).toContainEqual(['mirrors', '1'])
})

test('whatever stands in any place of a manifest, it is taken within the limits or refused by name', async () => {
  const places = placesIn(good)
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(fc.constantFrom(...places), nasty), { minLength: 1, maxLength: 3 }),
      async (changes) => {
        let value: unknown = good
        for (const [place, by] of changes) value = tryReplace(value, place, by)
        await judge(value)
      },
    ),
    { numRuns: 3000 },
  )
})

test('added fields are refused wherever they stand', async () => {
  const objects = placesIn(good).filter((place) => isPlainObject(valueAt(good, place)))
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...objects),
      fc.string({ minLength: 1 }),
      nasty,
      async (place, key, by) => {
        fc.pre(!Object.hasOwn(valueAt(good, place) as object, key))
        const value = JSON.parse(JSON.stringify(good)) as unknown
        Object.defineProperty(valueAt(value, place), key, { value: by, enumerable: true })
        expect(await judge(value)).toBeNull()
      },
    ),
    { numRuns: 500 },
  )
})

test('anything at all that is JSON is taken within the limits or refused by name', async () => {
  await fc.assert(fc.asyncProperty(fc.jsonValue(), async (value) => void (await judge(value))))
})

function valueAt(value: unknown, path: string[]): unknown {
  return path.reduce((at, key) => (at as Record<string, unknown>)[key], value)
}

/** An earlier change may have taken the place away. */
function tryReplace(value: unknown, place: string[], by: unknown): unknown {
  const parent = place.slice(0, -1).reduce<unknown>((at, key) => Object(at)[key], value)
  return typeof parent === 'object' && parent !== null ? replaceAt(value, place, by) : value
}

function isPlainObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
