/** The SHA-256 of a file, by `tools/page/file-hashes.ts`. */
declare module '*?sha256' {
  const hash: `0x${string}`
  export default hash
}
