import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'

const { packages } = JSON.parse(readFileSync('package-lock.json', 'utf8')) as {
  packages: Record<string, { version?: string; integrity?: string; resolved?: string }>
}
const locked = Object.entries(packages).filter(([path]) => path !== '')

// Some npm versions leave other platforms' binaries out, and then `npm ci` fails there or for everybody.
test('every locked package has a version and a hash, and names no host', () => {
  expect(locked.length).toBeGreaterThan(100)
  const incomplete = locked.filter(([, { version, integrity }]) => !version || !integrity)
  expect(incomplete.map(([path]) => path)).toEqual([])
  expect(locked.filter(([, { resolved }]) => resolved !== undefined)).toEqual([])
})
