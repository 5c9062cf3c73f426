import { hashStruct } from 'viem'
import type { Hex } from '../domain/bytes.ts'
import type { JobTerms } from '../domain/job.ts'
import { jobTypes } from './typed-data.ts'

const millionths = (fraction: number) => Math.round(fraction * 1e6)

/** Terms as EIP-712 sees them: fractions as whole millionths. */
export function jobMessage(terms: JobTerms) {
  const { sampler, ...rest } = terms
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

/** Returns the EIP-712 struct hash of a job's terms, which receipts name. */
export function jobHash(terms: JobTerms): Hex {
  return hashStruct({ types: jobTypes, primaryType: 'Job', data: jobMessage(terms) })
}
