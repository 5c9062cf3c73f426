import type { ConformanceCase } from './case.ts'
import { embeddingCases } from './embeddings.ts'
import type { EngineSubject } from './engine.ts'
import { loadingCases } from './loading.ts'
import { measuringCase } from './measuring-engine.ts'

/** What every `Engine` keeps to beside answering. */
export const besideChatCases: ConformanceCase<EngineSubject>[] = [
  measuringCase,
  ...embeddingCases,
  ...loadingCases,
]
