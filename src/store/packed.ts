import { gunzipSync, gzipSync } from 'node:zlib'

/**
 * A large document as the database holds it: JSON, gzip, base64. The embedded database runs on the event loop, and takes 50
 * ms for 2 MB of JSON; packed it is a thirtieth of that, and takes one. Text, since it is quicker there than bytes. Callers
 * with a thread pack and unpack there.
 */
export type Packed = string

export const pack = (document: object): Packed => gzipSync(JSON.stringify(document)).toString('base64')

export const unpack = (packed: Packed): object => JSON.parse(gunzipSync(Buffer.from(packed, 'base64')).toString('utf8'))
