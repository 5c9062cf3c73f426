/** Text that is markup already. */
export class Html {
  readonly markup: string

  constructor(markup: string) {
    this.markup = markup
  }
}

type Content = string | number | Html | readonly Html[]

/** Builds markup from a template: whatever is put in is escaped, unless it was built here too. */
export function html(strings: TemplateStringsArray, ...contents: Content[]): Html {
  return new Html(String.raw({ raw: strings }, ...contents.map(markupOf)))
}

function markupOf(content: Content): string {
  if (content instanceof Html) return content.markup
  if (typeof content === 'object') return content.map(({ markup }) => markup).join('')
  return String(content).replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)
}
