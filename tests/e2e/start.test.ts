import { mkdtemp, rm } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { launchBrowser } from '../../tools/find-browser.ts'
import { type NpmStart, isAlive, npmStart } from './npm-start.ts'
import { articles, finishedAnswer, sendPrompt } from './tabs.ts'

const freePorts = ['--port', '0', '--relay-port', '0', '--relay-http-port', '0', '--chain-port', '0']
let data: string
let started: NpmStart

beforeEach(async () => {
  data = await mkdtemp(join(tmpdir(), 'opentab-start-'))
  started = npmStart(...freePorts, '--data', data)
})

afterEach(async () => {
  started.kill()
  await rm(data, { recursive: true, force: true })
})

test('npm start leads to an answered prompt, and Ctrl-C leaves nothing behind', async () => {
  const [, url = ''] = await started.printed(/^Ready: (\S+)$/m)
  expect(await ask(url, 'Say hello.')).toMatch(/tokens/)

  const processes = started.processes()
  const ports = [...started.output().matchAll(/(?:localhost|127\.0\.0\.1|tcp)[:/](\d+)/g)].map(([, port]) =>
    Number(port),
  )
  // Page, chain, relay, and the relay's status page.
  expect(new Set(ports).size).toBe(4)
  expect(await Promise.all(ports.map(answers))).not.toContain(false)

  started.interrupt()
  await started.exited
  expect(started.output()).toContain('Stopped.')
  expect(processes.length).toBeGreaterThan(3)
  expect(processes.filter(isAlive)).toEqual([])
  expect(await Promise.all(ports.map(answers))).not.toContain(true)
})

/** Asks as a first-time visitor would, and returns the finished answer as the page shows it. */
async function ask(url: string, prompt: string): Promise<string> {
  const browser = await launchBrowser()
  try {
    const page = await browser.newPage()
    await page.goto(url)
    await sendPrompt(page, prompt, { maxTokens: 16 })
    await finishedAnswer(page)
    return await articles(page).innerText()
  } finally {
    await browser.close()
  }
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })
}
