import type { MeasuredModel, MeasureProgress } from '../../ports/engine.ts'

/** What the worker that measures a model file can be asked; each call wants a fresh worker, with all its memory. */
export type MeasureCalls = {
  observe: { input: { file: Blob; threads: number }; event: MeasureProgress; output: MeasuredModel }
  test: {
    input: { file: Blob; measured: MeasuredModel; threads: number }
    event: MeasureProgress
    output: void
  }
}
