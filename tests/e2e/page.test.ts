import type { BrowserContextOptions, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { seriousFindings } from './serious-findings.ts'
import { narrow, type ScriptedPage, startScriptedPage, wide } from './start-scripted-page.ts'

let scripted: ScriptedPage
let page: Page

beforeAll(async () => {
  scripted = await startScriptedPage()
})

afterAll(() => scripted?.close())

afterEach(() => page.context().close())

/** For what streams. */
const patience = { timeout: 30_000 }

async function open(address: string, options?: BrowserContextOptions): Promise<void> {
  page = await scripted.open(address, options)
}

async function send(prompt: string): Promise<void> {
  await page.getByRole('textbox', { name: 'Prompt' }).fill(prompt)
  await page.getByRole('button', { name: 'Send', exact: true }).click()
}

async function ask(prompt: string) {
  await send(prompt)
  const answer = page.getByRole('article').last()
  await answer.waitFor()
  return answer
}

const sidewaysPixels = () =>
  page.evaluate(() => {
    const main = document.querySelector('main') ?? document.documentElement
    return Math.max(0, document.documentElement.scrollWidth - innerWidth, main.scrollWidth - main.clientWidth)
  })

const hashes = ['#/ask', '#/share', '#/wallet', '#/network']
const scenes = ['lively', 'bonded', 'unplugged', 'empty', 'alone']
const views = (['light', 'dark'] as const).flatMap((colorScheme) => [
  { colorScheme, viewport: narrow },
  { colorScheme, viewport: wide },
])

describe.each(views)('in $colorScheme at $viewport.width px', (view) => {
  test.each(scenes)('every place of a market that is %s is accessible and fits', async (scene) => {
    await open(`?scene=${scene}`, view)
    for (const hash of hashes) {
      await page.evaluate((next) => (location.hash = next), hash)
      await page.locator('nav a[aria-current=page]', { hasText: new RegExp(hash.slice(2), 'i') }).waitFor()
      await page.getByRole('heading', { level: 1 }).waitFor()
      expect({ hash, findings: await seriousFindings(page) }).toEqual({ hash, findings: [] })
      expect({ hash, sideways: await sidewaysPixels() }).toEqual({ hash, sideways: 0 })
    }
  })

  test('an answer, a failure, the settings and a receipt are accessible and fit', async () => {
    await open('#/ask', view)
    await ask('Explain a rainbow')
    await ask('Please break')
    await page.getByRole('button', { name: 'Settings' }).click()
    expect(await seriousFindings(page)).toEqual([])
    expect(await sidewaysPixels()).toBeLessThanOrEqual(0)
    await page.getByRole('button', { name: 'Receipt' }).first().click()
    await page.getByRole('button', { name: 'Check again' }).click()
    await page.getByText('The provider signed exactly this answer.').waitFor()
    expect(await seriousFindings(page)).toEqual([])
  })

  test('the receipt of an answer given, a table of earnings and money out are accessible and fit', async () => {
    await open('?scene=bonded#/wallet', view)
    await page.getByRole('button', { name: 'The figures in a table' }).click()
    expect(await sidewaysPixels()).toBe(0)
    await page.getByRole('button', { name: 'Answered: open the receipt' }).first().click()
    await page.getByText('Checked: it is the provider’s').waitFor()
    expect(await seriousFindings(page)).toEqual([])
    await page.keyboard.press('Escape')
    await page.getByRole('button', { name: 'Send' }).click()
    const sheet = page.getByRole('dialog', { name: 'Send money' })
    await sheet.getByLabel('To the address').fill(`0x${'ab'.repeat(20)}`)
    await sheet.getByLabel('Amount in dollars').fill('1')
    expect(await seriousFindings(page)).toEqual([])
    await sheet.getByRole('button', { name: 'Read it over' }).click()
    await sheet.getByRole('button', { name: 'Send $1.00' }).waitFor()
    expect(await seriousFindings(page)).toEqual([])
    expect(await sidewaysPixels()).toBe(0)
  })

  test('sharing is accessible and fits, from the first step to online', async () => {
    await open('#/share', view)
    await page.getByRole('button', { name: 'Start sharing' }).click()
    await page.getByText('Download the model').waitFor()
    expect(await seriousFindings(page)).toEqual([])
    await page.getByRole('status', { name: 'Sharing status' }).getByText('Online').waitFor()
    expect(await seriousFindings(page)).toEqual([])
    expect(await sidewaysPixels()).toBeLessThanOrEqual(0)
  })
})

describe('asking', () => {
  test('a finished answer names provider, tokens, speed and cost', async () => {
    await open('#/ask')
    const answer = await ask('Explain a rainbow')
    expect(await answer.getAttribute('aria-label')).toMatch(
      /^Answer from 0x\w{4}…\w{4}, \d+ tokens, 31 tokens per second, \$0\.0000\d+$/,
    )
    await expect.poll(() => answer.locator('strong').textContent()).toBe('raindrops')
    expect(await answer.locator('footer').innerText()).toMatch(
      /0x\w{4}….*\d+ tokens.*31 tok\/s.*\$0\.0000\d+/s,
    )
  })

  test('nothing that a model writes can act', async () => {
    await open('#/ask')
    const answer = await ask('hostile')
    await expect.poll(() => answer.getByRole('link').count()).toBe(1)
    const link = answer.getByRole('link')
    expect(await link.getAttribute('href')).toBe('https://example.org/')
    expect(await link.getAttribute('rel')).toContain('noopener')
    expect(await answer.locator('img, script, iframe, style, [onerror], [onload], [onclick]').count()).toBe(0)
    expect(await answer.innerText()).toContain('<script>window.hostile = 1</script>')
    await answer.getByText('press me').click()
    expect(await page.evaluate(() => 'hostile' in window)).toBe(false)
  })

  test('stopping keeps what came', async () => {
    await open('#/ask')
    await send('a long answer')
    await page.getByText('so far').waitFor()
    await page.getByRole('button', { name: 'Stop' }).click()
    const answer = page.getByRole('article')
    await answer.waitFor()
    expect(await answer.innerText()).toContain('rainbow')
    expect(await page.getByRole('button', { name: 'Send', exact: true }).isVisible()).toBe(true)
  })

  test('a conversation survives a reload', async () => {
    await open('#/ask')
    await ask('Explain a rainbow')
    await page.reload()
    const kept = page.getByRole('log', { name: 'Conversation' })
    await expect.poll(() => kept.getByRole('article').count()).toBe(1)
    expect(await kept.innerText()).toContain('Explain a rainbow')
    await page.getByRole('link', { name: 'Wallet', exact: true }).click()
    await page.getByRole('button', { name: 'Asked: open the receipt' }).waitFor()
  })

  test('a failure says what was kept, what was paid and what to do', async () => {
    await open('#/ask')
    await send('full')
    const notice = page.getByRole('alert')
    await notice.waitFor()
    expect(await notice.innerText()).toMatch(
      /Every tab is busy\..*Nothing was paid\..*market\/provider-full/s,
    )
    await notice.getByRole('button', { name: 'Try again' }).click()
    await expect.poll(() => page.getByRole('alert').count()).toBe(1)
  })

  test('the log follows the end only while the reader is there', async () => {
    await open('#/ask', { viewport: { width: 800, height: 500 } })
    await send('a long answer')
    const log = page.getByRole('log', { name: 'Conversation' })
    const fromEnd = () =>
      log.evaluate((element) => {
        const scroller = element.parentElement
        return scroller ? scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight : -1
      })
    await expect.poll(() => log.evaluate((element) => element.scrollHeight), patience).toBeGreaterThan(800)
    expect(await fromEnd()).toBeLessThan(48)
    await log.hover()
    await page.mouse.wheel(0, -400)
    await expect.poll(fromEnd).toBeGreaterThan(300)
    const before = await log.evaluate((element) => element.parentElement?.scrollTop)
    const grown = await log.evaluate((element) => element.scrollHeight)
    await expect.poll(() => log.evaluate((element) => element.scrollHeight), patience).toBeGreaterThan(grown)
    expect(await log.evaluate((element) => element.parentElement?.scrollTop)).toBe(before)
  })

  test('finished sentences are announced, single tokens are not', async () => {
    await open('#/ask')
    expect(await page.getByRole('log', { name: 'Conversation' }).getAttribute('aria-live')).toBe('off')
    await ask('Explain a rainbow')
    const spoken = await page.locator('[aria-live=polite] p').allTextContents()
    expect(spoken.length).toBeGreaterThan(2)
    for (const sentence of spoken) expect(sentence.trim()).toMatch(/[.!?:]$/)
  })
})

describe('with a keyboard alone', () => {
  test('a prompt is sent, the answer read, and the place changed', async () => {
    await open('#/ask')
    await page.keyboard.press('Tab')
    await expect.poll(() => page.getByRole('button', { name: 'Skip to the content' }).isVisible()).toBe(true)
    await page.getByRole('textbox', { name: 'Prompt' }).focus()
    await page.keyboard.type('First line')
    await page.keyboard.press('Shift+Enter')
    await page.keyboard.type('second line')
    await page.keyboard.press('Enter')
    await page.getByRole('article').waitFor()
    expect(await page.getByRole('log').innerText()).toContain('First line\nsecond line')
    await page.getByRole('link', { name: 'Share', exact: true }).focus()
    await page.keyboard.press('Enter')
    await page.getByRole('button', { name: 'Start sharing' }).focus()
    await page.keyboard.press('Space')
    await page.getByRole('button', { name: 'Stop sharing' }).waitFor()
  })

  test('a receipt opens, closes with Escape, and gives the focus back', async () => {
    await open('#/ask')
    await ask('Explain a rainbow')
    const button = page.getByRole('button', { name: 'Receipt' })
    await button.focus()
    await page.keyboard.press('Enter')
    await page.getByRole('dialog', { name: 'Receipt' }).waitFor()
    await page.keyboard.press('Escape')
    await page.getByRole('dialog').waitFor({ state: 'detached' })
    expect(await button.evaluate((element) => element === document.activeElement)).toBe(true)
  })
})

describe('places', () => {
  test('the address shows the place, back works, a reload returns', async () => {
    await open('#/wallet')
    await page.getByRole('heading', { name: 'Wallet' }).waitFor()
    await page.getByRole('link', { name: 'Network', exact: true }).click()
    await page.getByRole('heading', { name: 'Who is there' }).waitFor()
    await page.goBack()
    await page.getByRole('heading', { name: 'Wallet' }).waitFor()
    await page.reload()
    await page.getByRole('heading', { name: 'Wallet' }).waitFor()
  })

  test('leaving while somebody waits for an answer asks first', async () => {
    await open('#/share')
    await page.getByRole('button', { name: 'Start sharing' }).click()
    await page
      .getByRole('listitem')
      .filter({ hasText: /\d+ tokens?/ })
      .first()
      .waitFor()
    const asked = page.waitForEvent('dialog')
    await page.close({ runBeforeUnload: true })
    const dialog = await asked
    expect(dialog.type()).toBe('beforeunload')
    await dialog.accept()
  })
})

describe('a part of the page that the host no longer has', () => {
  test('is named where it was asked for, and the page can be loaded again', async () => {
    await open('#/ask')
    await ask('Explain a rainbow')
    await page.route('**/AskedReceipt*', (route) => route.abort())
    await page.getByRole('button', { name: 'Receipt' }).click()
    const notice = page.getByRole('alert').filter({ hasText: 'page/part-missing' })
    await notice.getByText('The receipt is kept.').waitFor()
    expect(await seriousFindings(page)).toEqual([])
    await page.unroute('**/AskedReceipt*')
    await notice.getByRole('button', { name: 'Reload the page' }).click()
    await page.getByRole('button', { name: 'Receipt' }).click()
    await page.getByRole('dialog', { name: 'Receipt' }).waitFor()
  })

  test('is here already where it is to unlock an account that is protected', async () => {
    await open('#/wallet')
    await page.getByRole('button', { name: 'Protect', exact: true }).click()
    const dialog = page.getByRole('dialog', { name: 'Protect your account' })
    await dialog.getByLabel('A passphrase').check()
    await dialog.getByLabel('Passphrase', { exact: true }).fill('correct horse battery')
    await dialog.getByLabel('The same again').fill('correct horse battery')
    await page.keyboard.press('Enter')
    await dialog.waitFor({ state: 'detached' })
    await page.getByRole('link', { name: 'Ask', exact: true }).click()
    const loading = page.waitForRequest(/UnlockSheet/)
    await page.reload()
    await loading
  })
})

test('without relay and chain the page says so in every place, and goes on trying', async () => {
  const context = await scripted.browser.newContext({ viewport: wide })
  page = await context.newPage()
  await page.route('**/network.json', (route) => route.fulfill({ status: 404 }))
  await page.goto(scripted.url)
  await page.getByText('Not connected, trying again').waitFor()
  await page.goto(`${scripted.url}/#/wallet`)
  await page.getByText('The chain does not answer').waitFor()
  await page.goto(`${scripted.url}/#/network`)
  await page.getByText('No relay can be reached').waitFor()
})
