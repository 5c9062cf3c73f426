import type { PauseReason } from '../../state/sharing.svelte.ts'
import { formatTime } from '../format.ts'

const percent = (part: number) => `${Math.round(part * 100)}%`

/** Returns why nothing is shared now and when that ends, for the person whose computer it is. */
export function describePause(pause: PauseReason): string {
  switch (pause.kind) {
    case 'hours':
      return pause.resumesAtMs === null
        ? 'Paused: no day is chosen below, so it never goes on.'
        : `Paused: it is outside of the hours you chose. It goes on by itself at ${formatTime(pause.resumesAtMs)}.`
    case 'on-battery':
      return 'Paused: this computer runs on battery. It goes on by itself when plugged in.'
    case 'battery-low':
      return `Paused: the battery is at ${percent(pause.level)}. It goes on by itself when plugged in, or from ${percent(pause.resumesAtLevel)}.`
    case 'hot':
      return 'Paused: this computer is working hard. It goes on by itself when it has been calm for two minutes.'
    case 'in-use':
      return pause.of === 'computer'
        ? 'Paused: somebody uses this computer. It goes on by itself a few minutes after they stop.'
        : 'Paused: you are using this page. It goes on by itself two minutes after you stop.'
  }
}
