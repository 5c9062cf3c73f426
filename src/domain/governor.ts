import type { DeviceState, Pressure } from './device.ts'
import { type SharingHours, hourOfWeek, hoursUntilOpen, isWithinHours } from './sharing-hours.ts'

/** When a machine may work for others, and how much of it. */
export type GovernorSettings = {
  /** Share of the machine's time, from 0.1 to 1. */
  share: number
  onlyPluggedIn: boolean
  pauseWhileUsed: boolean
  /** Off at first: some browsers count this machine's own answers as heat. */
  pauseWhenHot: boolean
  /** Pauses on battery below this charge, from 0 to 1; 0 for never. */
  leastBattery: number
  /** Always, where there are none. */
  hours: readonly SharingHours[]
}

/** Why it does not work now. */
export type PauseReason =
  /** `resumesAtMs` is null where no window ever opens. */
  | { kind: 'hours'; resumesAtMs: number | null }
  | { kind: 'on-battery' }
  | { kind: 'battery-low'; level: number; resumesAtLevel: number }
  | { kind: 'hot'; pressure: Pressure | 'unknown' }
  | { kind: 'in-use'; of: 'tab' | 'computer'; resumesAtMs: number }

/** Whether to take on work, and for what share of the time to do what is under way. */
export type GovernorDecision = { dutyCycle: number } & ({ run: true } | { run: false; why: PauseReason })

/** What the next decision needs to know of the last one. */
export type GovernorMemory = {
  /** Since when the pressure is high without a break. */
  hotSinceMs: number | null
  /** What pauses now, and when it was last there. */
  seenMs: Partial<Record<PauseReason['kind'], number>>
}

export const defaultGovernorSettings: GovernorSettings = {
  share: 1,
  onlyPluggedIn: false,
  pauseWhileUsed: false,
  pauseWhenHot: false,
  leastBattery: 0.3,
  hours: [],
}

/** What a governor knows that has decided nothing yet. */
export const emptyMemory: GovernorMemory = { hotSinceMs: null, seenMs: {} }

const leastShare = 0.1
/** What answers under way get while somebody or the heat needs the machine. */
const slowShare = 0.25
const yields: ReadonlySet<PauseReason['kind']> = new Set(['hot', 'in-use'])

/** A shorter peak of pressure is no heat. */
const hotAfterMs = { serious: 60_000, critical: 10_000 }
/** Once paused for a low battery, it must have so much more charge to go on. */
const batteryMargin = 0.05
/** How long a cause must be gone before work goes on. Nothing flaps faster than this. */
const restMs: Record<PauseReason['kind'], number> = {
  hours: 0,
  'on-battery': 10_000,
  'battery-low': 10_000,
  hot: 120_000,
  'in-use': 120_000,
}
const hourMs = 3_600_000

/** Decides from rules, machine and time. Give the memory it returns to the next call. */
export function decide(
  settings: GovernorSettings,
  device: DeviceState,
  nowMs: number,
  remembered: GovernorMemory,
): { decision: GovernorDecision; memory: GovernorMemory } {
  const before = untilNow(remembered, nowMs)
  const hotSinceMs = isHot(device) ? (before.hotSinceMs ?? nowMs) : null
  const seenMs: GovernorMemory['seenMs'] = {}
  for (const kind of kinds) {
    const seen = lastSeen(kind, settings, device, nowMs, { ...before, hotSinceMs })
    if (seen !== null && (seen === nowMs || nowMs - seen < restMs[kind])) seenMs[kind] = seen
  }
  const kind = kinds.find((each) => seenMs[each] !== undefined)
  const memory = { hotSinceMs, seenMs }
  const dutyCycle = clampShare(settings.share)
  if (!kind) return { decision: { run: true, dutyCycle }, memory }
  const why = reasonFor(kind, settings, device, nowMs, seenMs)
  const slowed = yields.has(kind) ? Math.min(dutyCycle, slowShare) : dutyCycle
  return { decision: { run: false, why, dutyCycle: slowed }, memory }
}

/** Returns a share that a machine can keep. */
export function clampShare(share: number): number {
  return Math.min(Math.max(share, leastShare), 1)
}

/** A clock that was set back leaves memories of the future: they count as of now, so that no pause grows by it. */
function untilNow({ hotSinceMs, seenMs }: GovernorMemory, nowMs: number): GovernorMemory {
  const seen = Object.entries(seenMs).map(([kind, atMs]) => [kind, Math.min(atMs, nowMs)] as const)
  return {
    hotSinceMs: hotSinceMs === null ? null : Math.min(hotSinceMs, nowMs),
    seenMs: Object.fromEntries(seen),
  }
}

/** The first that holds is told. */
const kinds = ['hours', 'on-battery', 'battery-low', 'hot', 'in-use'] as const

/** Returns when a cause was last there, `nowMs` if it is there now; null if never, or if its rule is off. */
function lastSeen(
  kind: PauseReason['kind'],
  settings: GovernorSettings,
  device: DeviceState,
  nowMs: number,
  { hotSinceMs, seenMs }: GovernorMemory,
): number | null {
  const seen = seenMs[kind] ?? null
  const when = (isThere: boolean) => (isThere ? nowMs : seen)
  switch (kind) {
    case 'hours':
      return isWithinHours(hourOfWeek(nowMs, device.utcOffsetMinutes), settings.hours) ? null : nowMs
    case 'on-battery':
      return settings.onlyPluggedIn ? when(device.power === 'battery') : null
    case 'battery-low':
      return settings.leastBattery > 0 ? when(isBatteryLow(settings, device, seen !== null)) : null
    case 'hot':
      return settings.pauseWhenHot ? when(isTooHot(device, nowMs, hotSinceMs)) : null
    case 'in-use':
      return settings.pauseWhileUsed ? lastUsedMs(device, nowMs, seen) : null
  }
}

const isHot = ({ pressure }: DeviceState) => pressure === 'serious' || pressure === 'critical'

function isTooHot({ pressure }: DeviceState, nowMs: number, hotSinceMs: number | null): boolean {
  if (hotSinceMs === null) return false
  return nowMs - hotSinceMs >= hotAfterMs[pressure === 'critical' ? 'critical' : 'serious']
}

function isBatteryLow({ leastBattery }: GovernorSettings, device: DeviceState, wasLow: boolean): boolean {
  if (device.power !== 'battery' || device.batteryLevel === 'unknown') return false
  return device.batteryLevel < leastBattery + (wasLow ? batteryMargin : 0)
}

/** Where the browser tells of the whole computer, that counts; elsewhere what happens in this tab. */
function lastUsedMs({ computerUse, lastInputMs }: DeviceState, nowMs: number, seen: number | null) {
  if (computerUse === 'active') return nowMs
  // An input of the future is from before the clock was set back; what is remembered of it counts.
  if (lastInputMs === null || lastInputMs > nowMs) return seen
  return Math.max(lastInputMs, seen ?? 0)
}

function reasonFor(
  kind: PauseReason['kind'],
  settings: GovernorSettings,
  device: DeviceState,
  nowMs: number,
  seenMs: GovernorMemory['seenMs'],
): PauseReason {
  switch (kind) {
    case 'hours': {
      const wait = hoursUntilOpen(hourOfWeek(nowMs, device.utcOffsetMinutes), settings.hours)
      return { kind, resumesAtMs: wait === null ? null : nowMs + wait * hourMs }
    }
    case 'on-battery':
      return { kind }
    case 'battery-low': {
      const level = device.batteryLevel === 'unknown' ? settings.leastBattery : device.batteryLevel
      return { kind, level, resumesAtLevel: Math.min(settings.leastBattery + batteryMargin, 1) }
    }
    case 'hot':
      return { kind, pressure: device.pressure }
    case 'in-use': {
      const of = device.computerUse === 'unknown' ? 'tab' : 'computer'
      return { kind, of, resumesAtMs: (seenMs[kind] ?? nowMs) + restMs[kind] }
    }
  }
}
