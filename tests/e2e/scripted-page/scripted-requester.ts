import type { Offer } from '../../../src/domain/offer.ts'
import { priceWithSpread, withSpread } from '../../../src/domain/hub.ts'
import { chargeMicroUsd, isAtMost } from '../../../src/domain/price.ts'
import { typicalChargeMicroUsd } from '../../../src/domain/rank-offers.ts'
import { MarketError, PriceChangedError } from '../../../src/errors/index.ts'
import type { AskEvent } from '../../../src/roles/ask/ask-event.ts'
import type { Answer } from '../../../src/roles/tasks/answer.ts'
import type { AskRequest, Requester } from '../../../src/roles/ask/request.ts'
import { askedChannelId, scriptedAnswer, toPieces } from './scripted-answer.ts'
import { countTokens, embeddingCharge, scriptedEmbeddings } from './scripted-embeddings.ts'

const pieceMs = 12
const fundingMs = 400
const depositFeeMicroUsd = 2_100n

const plainText = `A rainbow forms when sunlight enters **raindrops**, bends, and reflects off the back of each drop.

1. The light slows down and *refracts* as it goes in.
2. Each colour bends by its own angle, so white light fans out.
3. It reflects, refracts again, and leaves towards your eyes.

You see the arc at about 42° around the point opposite the sun.`

const hostileText = `Look: <img src="x" onerror="window.hostile = 1"> and <script>window.hostile = 1</script>

[press me](javascript:window.hostile=1) or [read on](https://example.org/) ![a picture](https://example.org/spy.png)

<a href="javascript:window.hostile=1" onclick="window.hostile=1">more</a> <iframe src="https://example.org"></iframe>

<svg onload="window.hostile=1"></svg> <style>main { display: none }</style>`

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

/** Words in the prompt choose what happens: `hostile`, `full`, `break`, `long`, `dearer`. */
export function createScriptedRequester(offered: Offer[]): Requester {
  let offers = offered
  let hasDeposited = false
  const offersFor = (modelId: string) => offers.filter((offer) => offer.modelId === modelId)

  async function* ask(request: AskRequest, signal: AbortSignal): AsyncGenerator<AskEvent, Answer, void> {
    const prompt = request.messages.at(-1)?.content ?? ''
    yield { type: 'choosing' }
    if (prompt.includes('dearer') && offers === offered) offers = offered.map(dearer)
    const offer = offersFor(request.modelId)[0]
    if (!offer) throw new MarketError('market/no-offers', 'No tab offers this model right now.')
    if (offers !== offered) refuseDearer(offer, request)
    await sleep(pieceMs)
    yield { type: 'dialling', offer, attempt: 1 }
    await sleep(pieceMs)
    if (prompt.includes('full')) throw new MarketError('market/provider-full', 'Every tab is busy.')
    if (!hasDeposited) {
      hasDeposited = true
      const deposit = { amountMicroUsd: 1_000_000n, feeMicroUsd: depositFeeMicroUsd }
      yield { type: 'funding', stage: 'deposit', ...deposit }
      await sleep(fundingMs)
      const made = { transaction: `0x${'de'.repeat(32)}`, channelId: askedChannelId } as const
      yield { type: 'funding', stage: 'deposited', ...deposit, ...made }
    }
    yield { type: 'accepted', offer, promptTokens: 34 }
    const whole = prompt.includes('hostile')
      ? hostileText
      : plainText.repeat(prompt.includes('long') ? 12 : 1)
    let text = ''
    for (const [index, piece] of toPieces(whole).entries()) {
      if (signal.aborted) return { ...scriptedAnswer(prompt, text, offer), finishReason: 'cancelled' }
      if (prompt.includes('break') && index === 24) return broken(prompt, text, offer)
      text += piece
      const tokens = { promptTokens: 34, completionTokens: index + 1 }
      const charge = withSpread(chargeMicroUsd(tokens, offer.price), offer.hubs[0] ?? null)
      yield { type: 'tokens', text: piece, tokens, chargeMicroUsd: charge, tokensPerSecond: 31.4 }
      await sleep(pieceMs)
    }
    return scriptedAnswer(prompt, whole, offer)
  }

  return {
    async quote(modelId) {
      const best = offersFor(modelId)[0]
      if (!best) return null
      const tokensPerSecond = best.milliTokensPerSecond / 1000
      return {
        best,
        offers: offersFor(modelId).length,
        hub: best.hubs[0] ?? null,
        typicalChargeMicroUsd: typicalChargeMicroUsd(best, best.hubs[0]),
        lacksHub: false,
        depositFeeMicroUsd: hasDeposited ? null : depositFeeMicroUsd,
        tokensPerSecond,
      }
    },
    ask,
    async quoteEmbedding({ modelId, texts }) {
      const best = offersFor(modelId)[0]
      if (!best) return null
      return {
        best,
        offers: offersFor(modelId).length,
        hub: best.hubs[0] ?? null,
        lacksHub: false,
        depositFeeMicroUsd: hasDeposited ? null : depositFeeMicroUsd,
        promptTokens: countTokens(texts),
        chargeMicroUsd: embeddingCharge(texts, best),
      }
    },
    async *embed({ modelId, texts }) {
      yield { type: 'choosing' }
      const offer = offersFor(modelId)[0]
      if (!offer)
        throw new MarketError('market/no-offers', 'No tab compares texts with this model right now.')
      await sleep(fundingMs)
      return scriptedEmbeddings(texts, offer)
    },
  }
}

/** Returns an offer at twice the price. */
function dearer(offer: Offer): Offer {
  const { promptMicroUsdPerMillion, completionMicroUsdPerMillion } = offer.price
  const price = {
    promptMicroUsdPerMillion: 2n * promptMicroUsdPerMillion,
    completionMicroUsdPerMillion: 2n * completionMicroUsdPerMillion,
  }
  return { ...offer, price }
}

function refuseDearer(offer: Offer, { atMost }: AskRequest): void {
  const hub = offer.hubs[0] ?? null
  const price = priceWithSpread(offer.price, hub)
  if (atMost && !isAtMost(price, atMost)) {
    throw new PriceChangedError(price, typicalChargeMicroUsd(offer, hub))
  }
}

function broken(prompt: string, text: string, offer: Offer): Answer {
  const error = {
    code: 'market/job-broken',
    shortMessage: 'The tab that was answering has gone away.',
  } as const
  return { ...scriptedAnswer(prompt, text, offer), finishReason: 'failed', receipt: null, error }
}
