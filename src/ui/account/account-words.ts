import type { LocalAccount, Protection } from '../../domain/account.ts'
import { formatDay } from '../format.ts'

/** How a protection reads beside an account. */
export const protectionWords: Record<Protection, string> = {
  browser: 'Not protected: whoever can use this browser can use it',
  passkey: 'Protected by a passkey',
  passphrase: 'Protected by a passphrase',
}

/** What losing this account means, and what helps against it. */
export function lossWords({ protection, backedUpAtMs }: LocalAccount): string {
  if (backedUpAtMs !== null) {
    return `You made a backup on ${formatDay(backedUpAtMs)}. With that file and its passphrase the account comes back in any browser; without them nobody can bring it back.`
  }
  const ways = {
    browser: 'Clearing this site’s data or losing this device',
    passkey: 'Clearing this site’s data, losing this device or deleting the passkey',
    passphrase: 'Clearing this site’s data, losing this device or forgetting the passphrase',
  }
  return `It lives in this browser alone. ${ways[protection]} loses it and its money for good: without a backup nobody can bring it back.`
}
