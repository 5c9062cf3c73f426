import { recoverTypedDataAddress } from 'viem'
import type { Offer, SignedOffer } from '../domain/offer.ts'
import { LedgerError } from '../errors/index.ts'
import type { Signer, TypedData } from '../ports/signer.ts'
import { sameAddress } from '../domain/bytes.ts'
import { offerTypes, opentabDomain } from './typed-data.ts'

/** Stands for no listing in what is signed. */
const noListing = `0x${'00'.repeat(32)}` as const

function offerTypedData(offer: Offer) {
  return {
    domain: opentabDomain(offer),
    types: offerTypes,
    primaryType: 'Offer',
    message: {
      ...offer,
      listingId: offer.listingId ?? noListing,
      chainId: BigInt(offer.chainId),
      sequence: BigInt(offer.sequence),
    },
  } as const
}

/** Returns the offer signed by its provider. */
export async function signOffer(offer: Offer, provider: Signer): Promise<SignedOffer> {
  return { offer, signature: await provider.signTypedData(offerTypedData(offer) as TypedData) }
}

/** Offers that were looked at, by identity: relays tell the same ones again and again. Nobody changes an offer. */
const signedRight = new WeakMap<SignedOffer, Promise<boolean>>()

/**
 * Checks that an offer was signed by the account it names and has not expired.
 * @throws LedgerError `ledger/bad-signature`, `ledger/expired-offer`
 */
export async function verifyOffer(signed: SignedOffer, nowSeconds: number): Promise<void> {
  if (signed.offer.expiresAtSeconds <= nowSeconds) {
    throw new LedgerError('ledger/expired-offer', 'The offer has expired.')
  }
  const isRight = signedRight.get(signed) ?? isSignedRight(signed)
  signedRight.set(signed, isRight)
  if (!(await isRight)) {
    throw new LedgerError('ledger/bad-signature', 'The offer is not signed by the provider it names.')
  }
}

async function isSignedRight({ offer, signature }: SignedOffer): Promise<boolean> {
  const signer = await recoverTypedDataAddress({ ...offerTypedData(offer), signature }).catch(() => null)
  return signer !== null && sameAddress(signer, offer.provider)
}
