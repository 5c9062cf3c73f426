/** SPDX identifiers that models often have, for people to choose from. */
export const commonLicenses = [
  'Apache-2.0',
  'MIT',
  'BSD-3-Clause',
  'CC0-1.0',
  'CC-BY-4.0',
  'CC-BY-SA-4.0',
  'CC-BY-NC-4.0',
  'OpenRAIL',
  'LicenseRef-Gemma',
  'LicenseRef-Llama-3',
] as const

/** SPDX identifiers and expressions, as a manifest takes them. */
export const licensePattern = /^[A-Za-z0-9][A-Za-z0-9.+() -]{0,99}$/

/** Returns the licence that a model file names, in SPDX's own spelling where it is a common one; null when unusable. */
export function suggestLicense(named: string | null): string | null {
  if (named === null) return null
  const common = commonLicenses.find((license) => license.toLowerCase() === named.toLowerCase())
  return common ?? (licensePattern.test(named) ? named : null)
}
