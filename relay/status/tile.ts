import { type Html, html } from './html.ts'

/** Returns one figure with its name, and what it means where that needs words. */
export function tile(name: string, figure: string | Html, note = '', kind: '' | 'wide' | 'low' = ''): Html {
  const explained = note === '' ? html`` : html`<small>${note}</small>`
  return html`<div class="${kind}">
    <dt>${name}</dt>
    <dd>${figure}${explained}</dd>
  </div>`
}
