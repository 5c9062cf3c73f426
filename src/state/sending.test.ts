import { describe, expect, it } from 'vitest'
import { fakeTab } from '../../tests/fixtures/fake-tab.ts'
import { HubError } from '../errors/index.ts'
import type { PaidOut, PayOut } from '../roles/wallet/pay-out.ts'
import { History } from './history.svelte.ts'
import { Sending } from './sending.svelte.ts'
import { Wallet } from './wallet.svelte.ts'

const to = `0x${'ab'.repeat(20)}` as const
const own = `0x${'cd'.repeat(20)}` as const
const quote = { hub: null, feeMicroUsd: 2_100n, mostMicroUsd: 5_000_000n }

function open(parts: Partial<PayOut> = {}) {
  const payOut: PayOut = {
    quote: async () => quote,
    send: async (_to, amountMicroUsd) => ({ to, amountMicroUsd, feeMicroUsd: 0n, transaction: '0x01' }),
    arrived: async () => [],
    ...parts,
  }
  const tab = fakeTab({ payOut: async () => payOut, account: async () => own })
  const history = new History(tab)
  const wallet = new Wallet(tab, history)
  wallet.address = own
  wallet.refresh = async () => {}
  return { sending: new Sending(tab, wallet, history), history }
}

describe('money out', () => {
  it('is read over before it is sent, and written down afterwards', async () => {
    const asked: unknown[] = []
    const { sending, history } = open({
      async send(...given) {
        asked.push(given)
        return { to, amountMicroUsd: 1_500_000n, feeMicroUsd: 0n, transaction: '0x01' }
      },
    })
    await sending.ask()
    Object.assign(sending, { to: ` ${to} `, amount: '1.5' })
    await sending.send()
    expect(asked).toEqual([])
    sending.readOver()
    await sending.send()
    expect(asked).toEqual([[to, 1_500_000n, quote]])
    expect(sending).toMatchObject({ step: 'sent', paid: { transaction: '0x01' } })
    expect(history.movements).toMatchObject([
      { kind: 'sent', amountMicroUsd: 1_500_000n, transaction: '0x01' },
    ])
  })

  it.each([
    ['no-address', { to: '0x12', amount: '1' }],
    ['own-address', { to: own.toUpperCase().replace('0X', '0x'), amount: '1' }],
    ['no-amount', { to, amount: '0' }],
    ['no-amount', { to, amount: 'much' }],
    ['too-much', { to, amount: '5.000001' }],
  ])('goes no further with a fault: %s', async (fault, typed) => {
    const { sending } = open()
    await sending.ask()
    Object.assign(sending, typed)
    expect(sending.fault).toBe(fault)
    sending.readOver()
    expect(sending.step).toBe('writing')
  })

  it('asks for the fee again where nobody answered, and forgets the failure meanwhile', async () => {
    let answers = false
    const { sending } = open({
      async quote() {
        if (!answers) throw new HubError('hub/no-answer', 'The relay did not answer.')
        return quote
      },
    })
    await sending.ask()
    expect(sending).toMatchObject({ quote: null, failure: { code: 'hub/no-answer' } })
    answers = true
    const asking = sending.ask()
    expect(sending.failure).toBeNull()
    await asking
    expect(sending).toMatchObject({ quote, failure: null })
  })

  it('tells and writes down what has arrived since nobody knew whether it would', async () => {
    const before = { to, amountMicroUsd: 7n, feeMicroUsd: 0n, transaction: null }
    const { sending, history } = open({ arrived: async () => [before] })
    await sending.ask()
    expect(sending.arrived).toEqual([before])
    expect(history.movements).toMatchObject([{ kind: 'sent', amountMicroUsd: 7n }])
  })

  it('is sent when it arrived while the relay was silent', async () => {
    const known: PaidOut[] = []
    const { sending, history } = open({
      arrived: async () => known.splice(0),
      async send() {
        known.push({ to, amountMicroUsd: 1_000_000n, feeMicroUsd: 0n, transaction: null })
        throw new HubError('hub/no-answer', 'Only the chain can tell.')
      },
    })
    await sending.ask()
    Object.assign(sending, { to, amount: '1' })
    sending.readOver()
    await sending.send()
    expect(sending).toMatchObject({ step: 'sent', failure: null })
    expect(history.movements).toMatchObject([{ kind: 'sent', amountMicroUsd: 1_000_000n }])
  })

  it('comes back to be read over, at the price of now, when it was not sent', async () => {
    let feeMicroUsd = 1n
    const { sending, history } = open({
      quote: async () => ({ ...quote, feeMicroUsd: feeMicroUsd++ }),
      async send() {
        throw new HubError('hub/fee-too-low', 'The fee has risen.')
      },
    })
    await sending.ask()
    Object.assign(sending, { to, amount: '1' })
    sending.readOver()
    await sending.send()
    expect(sending).toMatchObject({ step: 'reading-over', failure: { code: 'hub/fee-too-low' } })
    expect(sending.quote?.feeMicroUsd).toBe(2n)
    expect(history.movements).toEqual([])
  })
})
