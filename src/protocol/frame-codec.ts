import * as v from 'valibot'
import { ProtocolError } from '../errors/index.ts'

const encoder = new TextEncoder()
const decoder = new TextDecoder('utf-8', { fatal: true })

/** Returns the bytes of one frame: JSON, amounts as decimal strings, embeddings as lists of numbers. */
export function encodeFrame(message: unknown): Uint8Array {
  return encoder.encode(JSON.stringify(message, toJson))
}

function toJson(_key: string, value: unknown): unknown {
  if (typeof value === 'bigint') return value.toString()
  return value instanceof Float32Array ? [...value] : value
}

/**
 * Returns the message in a frame, checked and typed: the one place where a peer's bytes become data.
 * @throws ProtocolError `protocol/malformed` for anything that the schema does not allow
 */
export function parseFrame<const schema extends v.GenericSchema>(
  schema: schema,
  frame: Uint8Array,
): v.InferOutput<schema> {
  let json: unknown
  try {
    json = JSON.parse(decoder.decode(frame))
  } catch (cause) {
    throw new ProtocolError('protocol/malformed', 'The other side sent something that is not JSON.', {
      cause,
    })
  }
  const result = v.safeParse(schema, json)
  if (result.success) return result.output
  const [issue] = result.issues
  throw new ProtocolError('protocol/malformed', 'The other side sent a message of the wrong shape.', {
    details: `${v.getDotPath(issue) ?? 'message'}: ${issue.message}`.slice(0, 300),
  })
}
