import { createStore } from 'mipd'
import type { EIP1193Provider } from 'viem'
import type { InjectedWallet } from '../../domain/account.ts'

/** A wallet and the way to it. */
export type AnnouncedWallet = InjectedWallet & { provider: EIP1193Provider }

/** The wallets that announced themselves to this page (EIP-6963). */
export type Wallets = {
  list(): AnnouncedWallet[]
  /** Resolves with a wallet as soon as it is there, or with null when it does not come. */
  find(id: string): Promise<AnnouncedWallet | null>
  watch(onChange: () => void): () => void
}

const maxWallets = 20
const maxNameCharacters = 40
const maxIconCharacters = 256 * 1024
/** Extensions announce themselves at once; this is for those that a browser starts late. */
const announceTimeoutMs = 1_500

/** Asks all wallets to announce themselves, and listens from then on. */
export function discoverWallets(): Wallets {
  const announced = createStore()
  const list = () =>
    announced
      .getProviders()
      .filter(({ info }) => isId(info.rdns))
      .slice(0, maxWallets)
      .map(({ info, provider }) => ({
        id: info.rdns,
        name: cleanName(info.name) || info.rdns,
        icon: imageOf(info.icon),
        provider,
      }))
  const present = (id: string) => list().find((wallet) => wallet.id === id) ?? null
  const watch = (onChange: () => void) => {
    const unsubscribe = announced.subscribe(onChange)
    return () => void unsubscribe()
  }
  return {
    list,
    watch,
    async find(id) {
      const found = present(id)
      if (found) return found
      await new Promise<void>((resolve) => {
        const unwatch = watch(() => present(id) && settle())
        const timer = setTimeout(() => settle(), announceTimeoutMs)
        const settle = () => {
          clearTimeout(timer)
          unwatch()
          resolve()
        }
      })
      return present(id)
    },
  }
}

/** Wallets name themselves: a reverse domain name, and nothing that could pass for the page's own words. */
function isId(id: unknown): id is string {
  return typeof id === 'string' && /^[a-z0-9-]+(\.[a-z0-9-]+)+$/i.test(id) && id.length <= 100
}

function cleanName(name: unknown): string {
  if (typeof name !== 'string') return ''
  return name
    .replaceAll(/[\p{C}\p{Zl}\p{Zp}]/gu, '')
    .trim()
    .slice(0, maxNameCharacters)
}

/** Only images that carry all their data. Shown in an image element, where even a drawing runs no script. */
export function imageOf(icon: unknown): string | null {
  if (typeof icon !== 'string' || icon.length > maxIconCharacters) return null
  return /^data:image\/(png|jpeg|gif|webp|avif|svg\+xml)[;,]/.test(icon) ? icon : null
}
