import type { OxlintConfig, OxlintOverride } from 'oxlint'

type Room = {
  /** Rooms it may import values and types from. */
  rooms: string[]
  /** Rooms whose types alone it may import. */
  types?: string[]
  /** Folders beside it in the same room that it may import from; any of them when left out. */
  beside?: string[]
  /** Folders beside it in the same room that it may not import from. */
  avoids?: string[]
  /** Its own vendor libraries, as import patterns. */
  vendors?: string[]
  /** Names it may take from viem, where the rest of viem is another room's. */
  viem?: string[]
}

const libp2p = ['libp2p', '@libp2p/**', '@multiformats/**']
/** What the ledger may take from viem: hashing and signing, no chain. */
const viemHashing = [
  'concat',
  'encodeAbiParameters',
  'getAddress',
  'hashStruct',
  'hashTypedData',
  'isAddressEqual',
  'keccak256',
  'numberToHex',
  'recoverTypedDataAddress',
  'toBytes',
  'toHex',
  'verifyTypedData',
]
const foundations = ['errors', 'domain', 'protocol', 'ports']

/** The folders of the roles, and which others of them each may import: a prompt's path goes through them in no circle. */
const roles: Record<string, string[]> = {
  common: [],
  tasks: [],
  models: [],
  hub: ['common'],
  fund: ['common', 'hub'],
  pay: ['common', 'hub', 'fund', 'tasks'],
  ask: ['common', 'fund', 'pay', 'tasks', 'models'],
  earn: ['common', 'hub'],
  provide: ['common', 'earn', 'tasks', 'models'],
  wallet: ['common', 'hub', 'fund', 'provide'],
  audit: ['tasks', 'models'],
  pieces: ['common', 'ask', 'provide'],
}

const relay: Room = {
  rooms: [...foundations, 'ledger', 'roles', 'transport', 'chain', 'storage', 'device'],
  vendors: ['node:*', 'node:*/**', ...libp2p],
}

/** The folders of the relay's hub, each of which may import from those before it. */
const hub = ['books', 'earn', 'pay', 'desk']

/** Who may import whom: the direction of dependency between the rooms of the house. */
const rooms: Record<string, Room> = {
  'src/errors': { rooms: [] },
  'src/domain': { rooms: ['errors'] },
  'src/protocol': { rooms: ['errors', 'domain'], vendors: ['valibot'] },
  'src/ports': { rooms: [], types: ['domain', 'protocol'] },
  'src/ledger': { rooms: ['errors', 'domain', 'ports'], viem: viemHashing },
  'src/roles': { rooms: [...foundations, 'ledger'] },
  ...Object.fromEntries(
    Object.entries(roles).map(([role, beside]) => [
      `src/roles/${role}`,
      { rooms: [...foundations, 'ledger'], beside },
    ]),
  ),
  'src/device': { rooms: foundations },
  'src/engine': { rooms: foundations },
  'src/engine/folder': { rooms: foundations, vendors: ['valibot'] },
  'src/engine/gguf': { rooms: foundations, vendors: ['@huggingface/gguf'] },
  'src/engine/text': {
    rooms: foundations,
    vendors: ['@huggingface/jinja', '@huggingface/tokenizers', 'valibot'],
  },
  'src/engine/worker': {
    rooms: foundations,
    vendors: ['onnxruntime-web', 'onnxruntime-web/**', 'xxhash-wasm'],
  },
  'src/models': { rooms: foundations, vendors: ['canonicalize', 'valibot', '@noble/hashes/**'] },
  'src/transport': { rooms: foundations, vendors: libp2p },
  'src/chain': { rooms: foundations, vendors: ['viem', 'viem/**', 'idb', 'mipd', '@noble/hashes/**'] },
  'src/storage': { rooms: foundations, vendors: ['idb'] },
  'src/state': { rooms: ['roles', 'domain', 'ports', 'errors'], vendors: ['svelte', 'svelte/**'] },
  'src/ui': {
    rooms: ['state'],
    types: ['domain'],
    vendors: ['svelte', 'svelte/**', '@lucide/svelte/**', 'marked', 'dompurify'],
  },
  relay,
  ...Object.fromEntries(
    hub.map((folder, at) => [`relay/hub/${folder}`, { ...relay, avoids: hub.slice(at + 1) }]),
  ),
}

/** Rooms whose rules must come out the same everywhere: time, chance and the network come through ports. */
const pureRooms = ['src/domain', 'src/protocol', 'src/ledger', 'src/roles']

/** What a test beside the code may use on top of its room: in-memory adapters, fixtures and test libraries. */
const testImports = [
  ...['**/memory-*.ts', '**/device/*.ts', '**/tests/**', 'node:*', 'node:*/**'],
  ...['vitest', 'fast-check', '@huggingface/transformers', '@x402/evm', '@x402/evm/**', 'viem', 'viem/**'],
]

/** Folders below a room that its rule reaches. */
const maxDepth = 3

/** Returns a room's rule for each depth below it: the same import is another relative path there. */
function importOverrides([path, room]: [string, Room]): OxlintOverride[] {
  return Array.from({ length: maxDepth }, (_, below) => {
    const folder = `${path}/${'*/'.repeat(below)}`
    const code = restriction(path, room, below, room.vendors ?? [])
    const tests = restriction(path, { ...room, viem: undefined }, below, [
      ...testImports,
      ...(room.vendors ?? []),
    ])
    return [
      { files: [`${folder}*`], rules: { 'no-restricted-imports': ['error', code] } },
      { files: [`${folder}*.test.ts`], rules: { 'no-restricted-imports': ['error', tests] } },
    ] satisfies OxlintOverride[]
  }).flat()
}

function restriction(
  path: string,
  { rooms: values, types = [], beside, avoids = [], viem }: Room,
  below: number,
  others: string[],
) {
  const parts = path.split('/')
  // Rooms stand in src; the relay stands beside it.
  const inSource = parts[0] === 'src'
  const depth = below + parts.length - (inSource ? 1 : 0)
  const up = '../'.repeat(depth)
  const source = inSource ? up : `${up}src/`
  const ownRoom = depth > 1 && !(beside && below === 0) ? ['!../**', `${up}**`] : []
  const open = [
    ...(beside ?? []).map((folder) => `${'../'.repeat(below + 1)}${folder}/**`),
    ...[...values, ...types].map((room) => `${source}${room}/**`),
    ...(viem ? ['viem'] : []),
    ...others,
  ]
  return {
    paths: viem ? [{ name: 'viem', allowImportNames: viem, message: `${path} may only hash and sign.` }] : [],
    patterns: [
      // A regular expression, because a negation in the group below would end the search for another group.
      ...types.map((room) => ({
        regex: `^${source.replaceAll('.', '\\.')}${room}/`,
        allowTypeImports: true,
        message: `${path} may import types alone from here.`,
      })),
      ...avoids.map((folder) => ({ regex: `^\\.\\./${folder}/`, message: `${path} may not import this.` })),
      {
        group: ['**', '!./**', ...ownRoom, ...open.map((pattern) => `!${pattern}`)],
        message: `${path} may not import this.`,
      },
    ],
  }
}

const purity: OxlintOverride = {
  files: pureRooms.map((room) => `${room}/**`),
  excludeFiles: ['**/*.test.ts'],
  rules: {
    'no-restricted-globals': [
      'error',
      { name: 'Date', message: 'Take the time from the Clock port.' },
      { name: 'performance', message: 'Take the time from the Clock port.' },
      { name: 'crypto', message: 'Take chance from the Random port.' },
      { name: 'fetch', message: 'Reach the network through a port.' },
    ],
    'no-restricted-properties': [
      'error',
      { object: 'Math', property: 'random', message: 'Take chance from the Random port.' },
      { object: 'globalThis', property: 'fetch', message: 'Reach the network through a port.' },
    ],
  },
}

/** The room table as oxlint takes it. */
export const roomOverrides: OxlintConfig['overrides'] = [
  ...Object.entries(rooms).flatMap(importOverrides),
  purity,
]
