import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { deviceCases } from '../conformance/device.ts'
import { type Harness, moduleIn, openHarness } from './harness.ts'

let harness: Harness

beforeAll(async () => {
  harness = await openHarness()
})
afterAll(() => harness?.close())

async function openDevice() {
  const page = await harness.openPage()
  return moduleIn<typeof import('./device-page.ts')>(page, 'tests/browser/device-page.ts')
}

describe("a browser's machine", () => {
  test.each(deviceCases.map(({ name }, index) => ({ name, index })))('$name', async ({ index }) => {
    const device = await openDevice()
    await device.call('runDeviceCase', index)
  })

  test('reads battery and pressure, and the use of the computer where that is permitted', async () => {
    const device = await openDevice()
    await device.call('fakeSensors', true)
    expect(await device.call('readState')).toMatchObject({
      ...{ power: 'battery', batteryLevel: 0.42, pressure: 'serious' },
      // A locked screen has nobody before it.
      computerUse: 'idle',
    })
  })

  test('asks for no permission', async () => {
    const device = await openDevice()
    await device.call('fakeSensors', false)
    expect(await device.call('readState')).toMatchObject({ power: 'battery', computerUse: 'unknown' })
  })

  test('says of what a browser does not tell that it is unknown', async () => {
    const device = await openDevice()
    await device.call('removeSensors')
    expect(await device.call('readState')).toMatchObject({
      ...{ power: 'unknown', batteryLevel: 'unknown', pressure: 'unknown', computerUse: 'unknown' },
      ...{ lastInputMs: null, isHandheld: false },
    })
  })
})
