/** Returns an amount of smallest units as a decimal number, exactly: `formatUnits(1_500_000n, 6)` is `1.5`. */
export function formatUnits(amount: bigint, decimals: number): string {
  const sign = amount < 0n ? '-' : ''
  const digits = String(amount < 0n ? -amount : amount).padStart(decimals + 1, '0')
  const fraction = digits.slice(-decimals).replace(/0+$/, '')
  return `${sign}${digits.slice(0, -decimals)}${fraction ? `.${fraction}` : ''}`
}
