/** Hours of some weekdays, in the machine's own time. */
export type SharingHours = {
  /** 0 is Monday. */
  days: readonly number[]
  /** From 0 to 23. */
  fromHour: number
  /** From 1 to 24; not above `fromHour` when it ends the next day. */
  toHour: number
}

const hourMs = 3_600_000
const dayHours = 24
const weekHours = 7 * dayHours
/** Hours from a Monday's beginning to the Unix epoch, which was a Thursday. */
const epochHour = 3 * dayHours

/** Returns the hour of the week, with a fraction: 0 is Monday at midnight. */
export function hourOfWeek(nowMs: number, utcOffsetMinutes: number): number {
  const hours = nowMs / hourMs + utcOffsetMinutes / 60 + epochHour
  return ((hours % weekHours) + weekHours) % weekHours
}

/** Whether an hour of the week is in one of the windows; always, where there are none. */
export function isWithinHours(hour: number, windows: readonly SharingHours[]): boolean {
  return windows.length === 0 || windows.some((window) => isInWindow(hour, window))
}

/** Returns hours until the next window opens; null where none ever does. */
export function hoursUntilOpen(hour: number, windows: readonly SharingHours[]): number | null {
  const waits = windows.flatMap(({ days, fromHour }) =>
    days.map((day) => (day * dayHours + fromHour - hour + weekHours) % weekHours),
  )
  return waits.length === 0 ? null : Math.min(...waits)
}

function isInWindow(hour: number, { days, fromHour, toHour }: SharingHours): boolean {
  const length = toHour > fromHour ? toHour - fromHour : toHour - fromHour + dayHours
  return days.some((day) => {
    const since = (hour - day * dayHours - fromHour + weekHours) % weekHours
    return since < length
  })
}
