import { createRequire } from 'node:module'
import { ChainError } from '../src/errors/index.ts'

const architectures: Record<string, string> = { x64: 'amd64', arm64: 'arm64' }

/**
 * Returns the path of a Foundry tool's native binary, so that signals reach it without a wrapper between.
 *
 * @throws ChainError `chain/not-started` where npm has no build for this machine
 */
export function foundryBinary(tool: 'anvil' | 'forge'): string {
  const { platform, arch } = process
  const extension = platform === 'win32' ? '.exe' : ''
  const require = createRequire(import.meta.url)
  try {
    return require.resolve(`@foundry-rs/${tool}-${platform}-${architectures[arch]}/bin/${tool}${extension}`)
  } catch (cause) {
    const message = `${tool} is not installed for ${platform}/${arch}. Run npm install, optional packages included.`
    throw new ChainError('chain/not-started', message, { cause })
  }
}
