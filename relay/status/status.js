const refreshMs = 5_000
const announcement = document.querySelector('[role=status]')

/** Says it only when it changes, so that a screen reader does not repeat it. */
function announce(text, className) {
  if (announcement.textContent === text) return
  announcement.textContent = text
  announcement.className = className
}

async function refresh() {
  // Somebody is copying something.
  if (!getSelection().isCollapsed) return
  try {
    const response = await fetch('/', { cache: 'no-store', signal: AbortSignal.timeout(refreshMs) })
    const fresh = new DOMParser().parseFromString(await response.text(), 'text/html')
    document.querySelector('main').replaceWith(fresh.querySelector('main'))
    const { textContent, className } = fresh.querySelector('[role=status]')
    announce(textContent, className)
  } catch {
    announce('The relay does not answer. What stands here is old.', 'lost')
  }
}

setInterval(() => document.hidden || refresh(), refreshMs)
document.addEventListener('visibilitychange', () => document.hidden || refresh())
