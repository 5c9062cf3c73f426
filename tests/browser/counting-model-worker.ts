import '../../src/engine/worker/model-worker.ts'

/** What a GPU was asked for: programs, and results to be read. */
export type GpuCounts = { programs: number; readings: number }

const counts: GpuCounts = { programs: 0, readings: 0 }

// The runtime asks for both itself.
if ('GPUDevice' in self) {
  const { createComputePipeline, createComputePipelineAsync } = GPUDevice.prototype
  const { mapAsync } = GPUBuffer.prototype
  GPUDevice.prototype.createComputePipeline = function (descriptor) {
    counts.programs++
    return createComputePipeline.call(this, descriptor)
  }
  GPUDevice.prototype.createComputePipelineAsync = function (descriptor) {
    counts.programs++
    return createComputePipelineAsync.call(this, descriptor)
  }
  GPUBuffer.prototype.mapAsync = function (...args) {
    counts.readings++
    return mapAsync.apply(this, args)
  }
}

self.addEventListener('message', ({ data }: MessageEvent<{ countTo?: MessagePort }>) =>
  data.countTo?.postMessage(counts),
)
