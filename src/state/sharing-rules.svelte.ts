import { type GovernorSettings, clampShare, defaultGovernorSettings } from '../domain/governor.ts'
import type { SharingHours } from '../domain/sharing-hours.ts'

/** Rules as they are kept between visits. */
export type RulesDocument = {
  sharePercent: number | null
  onlyPluggedIn: boolean
  pauseWhileUsed: boolean
  pauseWhenHot: boolean
  leastBatteryPercent: number | null
  hours: SharingHours[]
}

const { share, leastBattery, hours, ...switches } = defaultGovernorSettings

/** When this computer may be shared, and how much of it. A field that was emptied counts as its default. */
export class SharingRules {
  sharePercent = $state<number | null>(share * 100)
  onlyPluggedIn = $state(switches.onlyPluggedIn)
  pauseWhileUsed = $state(switches.pauseWhileUsed)
  pauseWhenHot = $state(switches.pauseWhenHot)
  leastBatteryPercent = $state<number | null>(leastBattery * 100)
  hours = $state.raw<readonly SharingHours[]>(hours)

  get settings(): GovernorSettings {
    const { onlyPluggedIn, pauseWhileUsed, pauseWhenHot } = this
    return {
      share: clampShare((this.sharePercent ?? share * 100) / 100),
      ...{ onlyPluggedIn, pauseWhileUsed, pauseWhenHot },
      leastBattery: Math.min(Math.max((this.leastBatteryPercent ?? 0) / 100, 0), 1),
      hours: this.hours,
    }
  }

  /** Adds evenings of working days, to be changed from there. */
  addHours(): void {
    this.hours = [...this.hours, { days: [0, 1, 2, 3, 4], fromHour: 18, toHour: 24 }]
  }

  changeHours(index: number, change: Partial<SharingHours>): void {
    this.hours = this.hours.map((window, at) => (at === index ? { ...window, ...change } : window))
  }

  removeHours(index: number): void {
    this.hours = this.hours.filter((_, at) => at !== index)
  }

  get document(): RulesDocument {
    const { sharePercent, onlyPluggedIn, pauseWhileUsed, pauseWhenHot, leastBatteryPercent } = this
    const kept = { sharePercent, onlyPluggedIn, pauseWhileUsed, pauseWhenHot, leastBatteryPercent }
    return { ...kept, hours: this.hours.map((window) => ({ ...window, days: [...window.days] })) }
  }

  restore(kept: RulesDocument): void {
    Object.assign(this, kept)
  }
}
