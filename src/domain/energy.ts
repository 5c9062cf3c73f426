/** What running costs. Watts are what sharing adds to the machine's draw. */
export type EnergySettings = { watts: number; usdPerKilowattHour: number }

/** A kind of machine, by what it draws. */
export type DeviceClass = 'phone' | 'laptop' | 'desktop' | 'desktop-gpu'

/** What tells one class of machine from another. */
export type DeviceSigns = {
  isHandheld: boolean
  /** Whether a battery was seen: it ran on one, or it was not full. */
  hasBattery: boolean
  /** The GPU that computes, as its driver names it; null where the processor does. */
  gpu: string | null
}

/**
 * Watts that answering at full speed adds to a machine's draw. Estimates, and rough ones: the sustained power limit
 * of common chips of the class, less what the machine draws anyway.
 */
const typicalWatts: Record<DeviceClass, number> = { phone: 4, laptop: 20, desktop: 45, 'desktop-gpu': 180 }

/** Returns the class of a machine. A GPU of its own is known by its maker: the others are part of the processor. */
export function classifyDevice({ isHandheld, hasBattery, gpu }: DeviceSigns): DeviceClass {
  if (isHandheld) return 'phone'
  if (hasBattery) return 'laptop'
  return gpu !== null && /nvidia|amd|radeon|geforce/i.test(gpu) ? 'desktop-gpu' : 'desktop'
}

/** Returns an estimate of the watts that answering adds. */
export function estimateWatts(device: DeviceClass): number {
  return typicalWatts[device]
}

/** Returns the electricity cost of an hour of work, in dollars. */
export function energyUsdPerHour({ watts, usdPerKilowattHour }: EnergySettings): number {
  return (watts / 1000) * usdPerKilowattHour
}

/** Returns dollars per hour of steady answering, at a decode speed and a price, before electricity. */
export function grossUsdPerHour(tokensPerSecond: number, completionMicroUsdPerMillion: bigint): number {
  return (tokensPerSecond * 3600 * Number(completionMicroUsdPerMillion)) / 1e12
}

/**
 * Returns what is left of an hour's earnings after electricity, in dollars; negative when sharing costs money.
 * `keptShare` is what a royalty leaves of the price, here and below: from above 0 to 1.
 */
export function netUsdPerHour(
  tokensPerSecond: number,
  completionMicroUsdPerMillion: bigint,
  energy: EnergySettings,
  keptShare = 1,
): number {
  return grossUsdPerHour(tokensPerSecond, completionMicroUsdPerMillion) * keptShare - energyUsdPerHour(energy)
}

/** Returns what is left of the price of a million answer tokens after their electricity, in dollars. */
export function netUsdPerMillion(
  tokensPerSecond: number,
  completionMicroUsdPerMillion: bigint,
  energy: EnergySettings,
  keptShare = 1,
): number {
  const keptUsd = (Number(completionMicroUsdPerMillion) / 1e6) * keptShare
  return keptUsd - breakEvenUsdPerMillion(tokensPerSecond, energy)
}

/** Returns the dollars per million answer tokens that just pay for the electricity. */
export function breakEvenUsdPerMillion(
  tokensPerSecond: number,
  energy: EnergySettings,
  keptShare = 1,
): number {
  return (energyUsdPerHour(energy) * 1e6) / (tokensPerSecond * 3600 * keptShare)
}
