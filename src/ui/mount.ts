import { mount } from 'svelte'
import type { Page } from '../state/page.svelte.ts'
import App from './frame/App.svelte'

/** Shows a page and brings it to life, each in a task of its own: on a slow machine a frame fits between. */
export function mountPage(page: Page): void {
  const target = document.getElementById('page')
  if (!target) throw new Error('index.html has no element with the id "page".')
  setTimeout(() => {
    mount(App, { target, props: { page } })
    setTimeout(() => page.start())
  })
}
