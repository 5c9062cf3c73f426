import { createStopScanner, type StopScan } from './stop-scanner.ts'

/** The bytes that a token stands for; none for a special token. */
export type TokenBytes = (tokenId: number) => Uint8Array

/** Turns tokens into text that never splits a character and never shows a stop string. */
export type TextStream = {
  push(tokenId: number): StopScan
  /** Returns the text still held back. Bytes of an unfinished character are dropped. */
  end(): string
}

/** Returns a stream that ends before any of these stop strings. */
export function createTextStream(tokenBytes: TokenBytes, stops: readonly string[]): TextStream {
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true })
  const scanner = createStopScanner(stops)
  return {
    push: (tokenId) => scanner.push(decoder.decode(tokenBytes(tokenId), { stream: true })),
    end: () => scanner.end(),
  }
}

/** Returns the text of whole tokens, special ones left out. */
export function decodeTokens(tokenIds: readonly number[], tokenBytes: TokenBytes): string {
  const stream = createTextStream(tokenBytes, [])
  return tokenIds.map((tokenId) => stream.push(tokenId).text).join('') + stream.end()
}
