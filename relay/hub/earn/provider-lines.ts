import type { Address, Hex, PeerId } from '../../../src/domain/bytes.ts'
import { TransportError } from '../../../src/errors/index.ts'
import type { HubEarnEvent } from '../../../src/protocol/hub-messages.ts'
import type { EarnLine } from './earn-line.ts'

/** Tabs of one provider that may be connected at a time; of more, the one that came first is cut. */
const linesPerProvider = 8

/** Of a provider's lines, those on this channel, or this tab's own. */
export type WhichLine = { channelId?: Hex | undefined; tab?: PeerId | undefined }

/** The lines of all providers: one for each of a provider's tabs, which all hear of all its jobs and payments. */
export class ProviderLines {
  readonly #lines = new Map<string, EarnLine[]>()

  /** Lines now. */
  get size(): number {
    return [...this.#lines.values()].reduce((sum, lines) => sum + lines.length, 0)
  }

  /** Adds a line; an older one of the same tab is cut. */
  add(line: EarnLine): void {
    const known = this.#of(line.provider)
    const rest = known.filter(({ stream }) => stream.remotePeer !== line.stream.remotePeer)
    const kept = rest.slice(0, linesPerProvider - 1)
    for (const old of known.filter((one) => !kept.includes(one))) {
      old.stream.abort(new TransportError('transport/closed', 'Replaced by a newer line.'))
    }
    this.#lines.set(keyOf(line.provider), [line, ...kept])
  }

  remove(line: EarnLine): void {
    const rest = this.#of(line.provider).filter((one) => one !== line)
    if (rest.length > 0) this.#lines.set(keyOf(line.provider), rest)
    else this.#lines.delete(keyOf(line.provider))
  }

  /** Returns a provider's newest line, of all or of those asked for, or null. */
  newest(provider: Address, { channelId, tab }: WhichLine = {}): EarnLine | null {
    const lines = this.#of(provider).filter(
      ({ channel, stream }) =>
        (channelId === undefined || channel.channelId === channelId) &&
        (tab === undefined || stream.remotePeer === tab),
    )
    return lines[0] ?? null
  }

  /** Tells all tabs of a provider that are paid through this channel. */
  tell(provider: Address, channelId: Hex, event: HubEarnEvent): void {
    for (const line of this.#of(provider)) if (line.channel.channelId === channelId) line.send(event)
  }

  /** Cuts all lines. */
  clear(): void {
    const stopping = new TransportError('transport/closed', 'The hub stops.')
    for (const { stream } of [...this.#lines.values()].flat()) stream.abort(stopping)
    this.#lines.clear()
  }

  #of(provider: Address): EarnLine[] {
    return this.#lines.get(keyOf(provider)) ?? []
  }
}

function keyOf(provider: Address): string {
  return provider.toLowerCase()
}
