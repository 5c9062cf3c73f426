import { on } from 'svelte/events'
import { createSubscriber } from 'svelte/reactivity'

/** The four places of the page, in the order of the navigation. */
export const places = ['ask', 'share', 'wallet', 'network'] as const

/** One of the four places. */
export type Place = (typeof places)[number]

/** Returns the place that an address names; the first one when it names none. */
export function parsePlace(hash: string): Place {
  const name = hash.replace(/^#\/?/, '')
  return places.find((place) => place === name) ?? 'ask'
}

/** Which of the four places is shown. The address bar is the only truth, so back and reload just work. */
export class Navigation {
  #subscribe = createSubscriber((update) => on(window, 'hashchange', update))

  get place(): Place {
    this.#subscribe()
    return parsePlace(location.hash)
  }

  go(place: Place): void {
    location.hash = `#/${place}`
  }
}
