import { calibrationPrompts } from '../measure/calibration-prompts.ts'
import { type MeasurePlace, measureModel, testMeasured } from '../measure/measure-model.ts'
import type { MeasureCalls } from './measure-calls.ts'
import { runtimeFiles } from './runtime-files.ts'
import { serveCalls } from './serve-calls.ts'

/** Enough of each to find the outliers, and not so much that a person gives up waiting. */
const quick = { prompts: calibrationPrompts.slice(0, 16), answerTokens: 16, strength: 0.5 }

function placeOf(threads: number): MeasurePlace {
  return {
    threads,
    runtimeFiles: runtimeFiles.wasm,
    async runStep(step) {
      const result = await step()
      self.postMessage({ kind: 'beat' })
      return result
    },
    nowMs: () => performance.now(),
    browser: navigator.userAgent,
  }
}

serveCalls<MeasureCalls>(self, {
  observe: ({ file, threads }, { emit, signal }) =>
    measureModel(file, placeOf(threads), {
      ...quick,
      signal,
      onProgress: (progress) => void emit(progress),
    }),
  test: ({ file, measured, threads }, { emit, signal }) =>
    testMeasured(file, measured, placeOf(threads), {
      signal,
      onProgress: (progress) => void emit(progress),
    }),
})
