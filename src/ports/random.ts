/** Unpredictable bytes; a test may repeat them. */
export interface Random {
  bytes(length: number): Uint8Array
}
