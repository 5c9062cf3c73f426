/** How far from the end still counts as reading the end, in pixels. */
const nearPx = 48

/**
 * Keeps a scrolling element at its end while it grows, but only while the reader is there:
 * scrolling up lets go, scrolling down to the end takes hold again.
 */
export function stickToBottom(scroller: HTMLElement): () => void {
  let stuck = true
  const toEnd = () => {
    if (stuck) scroller.scrollTop = scroller.scrollHeight
  }
  const onScroll = () => {
    stuck = scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight < nearPx
  }
  const sizes = new ResizeObserver(toEnd)
  sizes.observe(scroller)
  for (const child of scroller.children) sizes.observe(child)
  scroller.addEventListener('scroll', onScroll, { passive: true })
  toEnd()
  return () => {
    sizes.disconnect()
    scroller.removeEventListener('scroll', onScroll)
  }
}
