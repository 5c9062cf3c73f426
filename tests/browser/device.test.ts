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

/** A machine with sensors of our own, which said already what they say at first. */
async function watchFakes(granted = true) {
  const device = await openDevice()
  await device.call('fakeSensors', granted)
  await device.call('watchState')
  return device
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

  test('hears of every change of its battery', async () => {
    const device = await watchFakes()
    await device.call('changeBattery', 'chargingchange', { charging: true })
    await device.call('changeBattery', 'levelchange', { level: 0.43 })
    await device.call('changeBattery', 'chargingchange', { charging: false })
    expect(await device.call('readTold')).toMatchObject([
      { power: 'mains', batteryLevel: 0.42 },
      { power: 'mains', batteryLevel: 0.43 },
      { power: 'battery', batteryLevel: 0.43 },
    ])
  })

  test('hears of every change of the pressure, the last of several at once', async () => {
    const device = await watchFakes()
    await device.call('changePressure', ['critical'])
    await device.call('changePressure', ['serious', 'critical', 'fair'])
    await device.call('changePressure', [])
    expect(await device.call('readTold')).toMatchObject([{ pressure: 'critical' }, { pressure: 'fair' }])
  })

  test('hears when somebody comes to the computer, leaves it or locks it', async () => {
    const device = await watchFakes()
    await device.call('changeUse', { screenState: 'unlocked' })
    await device.call('changeUse', { userState: 'idle' })
    await device.call('changeUse', { userState: 'active' })
    await device.call('changeUse', { screenState: 'locked' })
    const uses = (await device.call('readTold')).map(({ computerUse }) => computerUse)
    expect(uses).toEqual(['active', 'idle', 'active', 'idle'])
  })

  test('hears of the use of the computer from when that is permitted', async () => {
    const device = await watchFakes(false)
    await device.call('changeUse', { userState: 'active', screenState: 'unlocked' })
    expect(await device.call('readTold')).toEqual([])
    await device.call('askForComputerUse')
    await device.call('changeUse', { userState: 'idle' })
    expect(await device.call('readTold')).toMatchObject([{ computerUse: 'active' }, { computerUse: 'idle' }])
  })

  test.each(['pointerdown', 'pointermove', 'keydown', 'wheel'])('hears %s once a second', async (type) => {
    const device = await watchFakes()
    for (const atMs of [60_000, 60_999, 61_000]) await device.call('input', type, atMs)
    expect(await device.call('readTold')).toMatchObject([
      { lastInputMs: expect.any(Number) },
      { lastInputMs: expect.any(Number) },
    ])
  })

  test('takes it for input when somebody comes back to the page, not when they leave it', async () => {
    const device = await watchFakes()
    await device.call('showPage', 'hidden', 60_000)
    expect(await device.call('readState')).toMatchObject({ lastInputMs: null })
    await device.call('showPage', 'visible', 61_000)
    expect(await device.call('readState')).toMatchObject({ lastInputMs: expect.any(Number) })
    await device.call('showPage', 'hidden', 62_000)
    await device.call('showPage', 'visible', 63_000)
    expect(await device.call('readTold')).toHaveLength(2)
  })

  test('goes on hearing when a watcher has left, and tells it nothing more', async () => {
    const device = await watchFakes()
    await device.call('stopWatching')
    await device.call('changeBattery', 'levelchange', { level: 0.9 })
    await device.call('changePressure', ['nominal'])
    await device.call('changeUse', { userState: 'active', screenState: 'unlocked' })
    await device.call('input', 'keydown', 60_000)
    expect(await device.call('readTold')).toEqual([])
    expect(await device.call('readState')).toMatchObject({
      ...{ batteryLevel: 0.9, pressure: 'nominal', computerUse: 'active' },
      lastInputMs: expect.any(Number),
    })
  })
})
