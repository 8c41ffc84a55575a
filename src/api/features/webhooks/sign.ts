/** Signatures of deliveries by the Standard Webhooks specification (standardwebhooks.com): HMAC-SHA256, symmetric. */
import { createHmac, randomBytes } from 'node:crypto'

/** 192 bits: the specification asks for 24 to 64 bytes. */
const secretBytes = 24

/** A new secret: `whsec_` and random bytes in base64. */
export const makeSecret = (): string => `whsec_${randomBytes(secretBytes).toString('base64')}`

/**
 * The headers of a delivery.
 * @param id of the message, the same in every attempt. @param at of this attempt. @param body the very bytes that are sent.
 * @param secrets each signs.
 */
export function signedHeaders(id: string, at: Date, body: string, secrets: readonly string[]): Record<string, string> {
  const timestamp = Math.floor(at.getTime() / 1000)
  const signed = `${id}.${timestamp}.${body}`
  const sign = (secret: string) =>
    `v1,${createHmac('sha256', Buffer.from(secret.replace(/^whsec_/, ''), 'base64'))
      .update(signed)
      .digest('base64')}`
  return { 'webhook-id': id, 'webhook-timestamp': String(timestamp), 'webhook-signature': secrets.map(sign).join(' ') }
}
