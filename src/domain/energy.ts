/** What running costs. Watts are what sharing adds to the machine's draw. */
export type EnergySettings = { watts: number; usdPerKilowattHour: number }

/** Returns the electricity cost of an hour of work, in dollars. */
export function energyUsdPerHour({ watts, usdPerKilowattHour }: EnergySettings): number {
  return (watts / 1000) * usdPerKilowattHour
}

/** Returns dollars per hour of steady answering, at a decode speed and a price, before electricity. */
export function grossUsdPerHour(tokensPerSecond: number, completionMicroUsdPerMillion: bigint): number {
  return (tokensPerSecond * 3600 * Number(completionMicroUsdPerMillion)) / 1e12
}

/** Returns what is left of an hour's earnings after electricity, in dollars; negative when sharing costs money. */
export function netUsdPerHour(
  tokensPerSecond: number,
  completionMicroUsdPerMillion: bigint,
  energy: EnergySettings,
): number {
  return grossUsdPerHour(tokensPerSecond, completionMicroUsdPerMillion) - energyUsdPerHour(energy)
}
