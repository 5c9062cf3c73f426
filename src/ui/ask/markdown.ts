import DOMPurify from 'dompurify'
import { Marked, type Tokens } from 'marked'

const allowedTags = [
  ...['p', 'br', 'hr', 'em', 'strong', 'del', 'code', 'pre', 'blockquote', 'a', 'ul', 'ol', 'li'],
  ...['h1', 'h2', 'h3', 'h4', 'h5', 'h6', 'table', 'thead', 'tbody', 'tr', 'th', 'td'],
]

const safeAddress = /^(?:https?:|mailto:)/i

const escaped: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }
const escapeHtml = (text: string) => text.replace(/[&<>"]/g, (character) => escaped[character] ?? '')

const marked = new Marked({
  gfm: true,
  renderer: {
    /** Markup in an answer is shown as the text it is. */
    html: ({ text }: Tokens.HTML | Tokens.Tag) => escapeHtml(text),
    /** A picture would tell its host who is reading; its description stays. */
    image: ({ text }: Tokens.Image) => escapeHtml(text),
  },
})

const purifier = DOMPurify(window)

purifier.addHook('afterSanitizeAttributes', (node) => {
  if (node.nodeName !== 'A') return
  if (!node.hasAttribute('href')) return node.replaceWith(...node.childNodes)
  node.setAttribute('rel', 'noopener noreferrer nofollow')
  node.setAttribute('target', '_blank')
})

/** Splits Markdown into its top-level blocks, so that a growing text is rendered block by block. */
export function splitBlocks(text: string): string[] {
  return marked
    .lexer(text)
    .filter((token) => token.type !== 'space')
    .map((token) => token.raw)
}

/** Renders one block. What a model wrote can hold no script, no picture and no address but a plain link. */
export function renderMarkdown(block: string): DocumentFragment {
  return purifier.sanitize(marked.parse(block, { async: false }), {
    ALLOWED_TAGS: allowedTags,
    ALLOWED_ATTR: ['href', 'start', 'align'],
    ALLOWED_URI_REGEXP: safeAddress,
    ALLOW_DATA_ATTR: false,
    ALLOW_ARIA_ATTR: false,
    RETURN_DOM_FRAGMENT: true,
  })
}
