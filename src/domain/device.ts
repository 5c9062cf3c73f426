/** How hard the machine works, as the Compute Pressure API grades it. */
export type Pressure = 'nominal' | 'fair' | 'serious' | 'critical'

/** What can be known of a machine. `unknown` stands where it has no means to tell. */
export type DeviceState = {
  power: 'mains' | 'battery' | 'unknown'
  /** Charge from 0 to 1. A machine without a battery counts as full. */
  batteryLevel: number | 'unknown'
  pressure: Pressure | 'unknown'
  /** When somebody last did something on this page or came back to it, in Unix milliseconds; null for never. */
  lastInputMs: number | null
  /** Whether somebody uses the computer, in this page or beside it. */
  computerUse: 'active' | 'idle' | 'unknown'
  /** Whether it is worked by a finger alone, as a phone is. */
  isHandheld: boolean
  /** Minutes that its own time is ahead of UTC. */
  utcOffsetMinutes: number
}
