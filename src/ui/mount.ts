import { mount } from 'svelte'
import type { Page } from '../state/page.svelte.ts'
import App from './frame/App.svelte'

/** Shows a page and brings it to life. */
export function mountPage(page: Page): void {
  const target = document.getElementById('page')
  if (!target) throw new Error('index.html has no element with the id "page".')
  mount(App, { target, props: { page } })
  page.start()
}
