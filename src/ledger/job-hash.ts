import { hashStruct } from 'viem'
import type { Hex } from '../domain/bytes.ts'
import type { ChatTerms, JobTerms } from '../domain/job.ts'
import type { TypedData } from '../ports/signer.ts'
import { embedJobTypes, jobTypes } from './typed-data.ts'

const millionths = (fraction: number) => Math.round(fraction * 1e6)

/** Terms of an answer as EIP-712 sees them: fractions as whole millionths. */
function chatMessage({ sampler, ...rest }: ChatTerms) {
  return {
    ...rest,
    sampler: {
      temperatureMillionths: millionths(sampler.temperature),
      topK: sampler.topK,
      topPMillionths: millionths(sampler.topP),
      minPMillionths: millionths(sampler.minP),
      repetitionPenaltyMillionths: millionths(sampler.repetitionPenalty),
    },
  }
}

/** Returns a job's terms as the EIP-712 struct of its task. */
export function jobStruct(terms: JobTerms): Omit<TypedData, 'domain'> {
  return terms.task === 'embed'
    ? { types: embedJobTypes, primaryType: 'EmbedJob', message: { ...terms } }
    : { types: jobTypes, primaryType: 'Job', message: chatMessage(terms) }
}

/** Returns the EIP-712 struct hash of a job's terms, which receipts name. */
export function jobHash(terms: JobTerms): Hex {
  const { types, primaryType, message } = jobStruct(terms)
  return hashStruct({ types, primaryType, data: message })
}
