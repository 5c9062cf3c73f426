import * as v from 'valibot'
import type { Network } from '../domain/network.ts'
import { ProtocolError } from '../errors/index.ts'
import { address, count } from './fields.ts'

const text = v.pipe(v.string(), v.minLength(1), v.maxLength(500))

const networkSchema: v.GenericSchema<unknown, Network> = v.object({
  name: text,
  chainId: v.pipe(count(Number.MAX_SAFE_INTEGER), v.minValue(1)),
  rpcUrl: v.pipe(text, v.url()),
  token: address,
  settlement: address,
  collector: address,
  permit2Collector: v.optional(address),
  bond: v.optional(address),
  registry: v.optional(address),
  relays: v.pipe(v.array(text), v.maxLength(64)),
  stunUrls: v.optional(v.pipe(v.array(text), v.maxLength(8))),
  // It becomes a link, so nothing but a web address will do.
  explorerUrl: v.optional(v.pipe(text, v.url(), v.regex(/^https?:/))),
})

/**
 * Returns the content of `network.json`, checked.
 * @throws ProtocolError `protocol/malformed` naming the field that is wrong
 */
export function parseNetwork(value: unknown): Network {
  const result = v.safeParse(networkSchema, value)
  if (result.success) return result.output
  const [issue] = result.issues
  const field = v.getDotPath(issue) ?? 'the whole file'
  throw new ProtocolError('protocol/malformed', `network.json is not right: ${field}.`, {
    details: issue.message,
    fault: 'self',
  })
}
