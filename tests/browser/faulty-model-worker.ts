import '../../src/engine/worker/model-worker.ts'

/** Ways for a model's worker to end, from inside. */
export type Fault = 'throws' | 'closes' | 'hangs' | 'loses-device' | 'has-no-memory' | 'gpu-has-no-memory'

/** Buffers from this size on hold weights. */
const weightBytes = 16_384

const devices: GPUDevice[] = []
let gpuIsFull = false

// The runtime asks for its device itself.
if ('GPUAdapter' in self) {
  const { requestDevice } = GPUAdapter.prototype
  GPUAdapter.prototype.requestDevice = async function (descriptor) {
    const device = await requestDevice.call(this, descriptor)
    devices.push(device)
    if (gpuIsFull) refuseBuffers(device)
    return device
  }
}

const faults: Record<Fault, () => void> = {
  throws() {
    setTimeout(() => {
      throw new Error('A worker that a test ended.')
    })
  },
  closes: () => self.close(),
  hangs() {
    for (;;);
  },
  'loses-device': () => devices.forEach((device) => device.destroy()),
  /** A GPU tells of it later, and nobody asked for the one buffer that it has no room for. */
  'gpu-has-no-memory'() {
    gpuIsFull = true
    devices.forEach(tellOfNoMemory)
  },
  /** Every larger array is refused, as where memory has run out. */
  'has-no-memory'() {
    self.Float32Array = new Proxy(Float32Array, {
      construct(target, args: [number], newTarget) {
        if (Number(args[0]) > 16) throw new RangeError('Array buffer allocation failed')
        return Reflect.construct(target, args, newTarget) as Float32Array
      },
    })
  },
}

function tellOfNoMemory(device: GPUDevice): void {
  const error = new GPUOutOfMemoryError('Not enough memory left.')
  device.dispatchEvent(new GPUUncapturedErrorEvent('uncapturederror', { error }))
}

/** Makes larger buffers as a GPU does that has no room for them: they are there, and can be used for nothing. */
function refuseBuffers(device: GPUDevice): void {
  const createBuffer = device.createBuffer.bind(device)
  device.createBuffer = (descriptor) => {
    if (descriptor.mappedAtCreation || descriptor.size < weightBytes) return createBuffer(descriptor)
    setTimeout(() => tellOfNoMemory(device))
    device.pushErrorScope('validation')
    const buffer = createBuffer({ ...descriptor, usage: 0 })
    void device.popErrorScope()
    return buffer
  }
}

self.addEventListener('message', ({ data }: MessageEvent<{ fault?: Fault }>) => {
  if (data.fault) faults[data.fault]()
})
