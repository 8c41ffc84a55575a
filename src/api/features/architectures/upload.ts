import { createHash } from 'node:crypto'
import { open } from 'node:fs/promises'
import type { Readable } from 'node:stream'
import type { FastifyRequest } from 'fastify'
import type { OpenSizes } from '../../../engine/formats/onnx-import/index.ts'
import { readDims, readInputShape } from '../../../engine/written-sizes.ts'
import type { BlobFile, Store } from '../../../store/index.ts'
import { ApiError, invalidRequest, type Violation } from '../../errors.ts'
import { endConnection } from '../../plugins/problems.ts'
import { Slots } from '../../slots.ts'
import type { DataFile } from './onnx-file.ts'

/** Uploads at a time: each takes disk space for as long as its client takes to send it. */
const mostUploads = { total: 12, perClient: 8, what: 'files are being uploaded' }
/** How long the rest of a refused upload is read and discarded, so that the client receives the reason. */
const drainMs = 10_000

/** Files beside a model: exporters write one, or one for each tensor. */
const mostData = 1024

/** An uploaded model, its files of external data, and the name to register it under. */
export interface Upload {
  name: string
  file: BlobFile
  data: readonly DataFile[]
  /** Sizes that the file leaves open, where any were given. */
  sizes?: OpenSizes | undefined
}

/** How far an upload has come. */
interface Progress {
  bytes: number
  /** True once nothing more is expected. */
  whole: boolean
}

/** Returns a path for the next file of the upload. */
type NewPath = () => Promise<string>

const wrong = (path: string, message: string): ApiError => invalidRequest('upload', [{ path, message }])

/** Streams files to disk, so that none is ever in memory whole. */
export class Uploads {
  readonly #store: Store
  /** Bytes a file may have. */
  readonly #limit: number
  readonly #slots = new Slots(mostUploads)

  constructor(store: Store, limit: number) {
    this.#store = store
    this.#limit = limit
  }

  /**
   * Writes the file of a request to disk, passes it to `use`, and removes it when that succeeds or fails.
   * @throws ApiError INVALID_REQUEST, BODY_TOO_LARGE, MALFORMED_REQUEST, OVERLOADED, and what `use` throws.
   */
  async take<T>(request: FastifyRequest, use: (upload: Upload) => Promise<T>): Promise<T> {
    const paths: string[] = []
    const progress: Progress = { bytes: 0, whole: false }
    const path = async (): Promise<string> => {
      const next = await this.#store.blobs.scratch.path()
      paths.push(next)
      return next
    }
    let release: (() => void) | undefined
    try {
      release = this.#slots.take(request.ip, {
        bytes: () => (progress.whole ? Number.POSITIVE_INFINITY : progress.bytes),
        end: () =>
          endConnection(
            new ApiError('REQUEST_TIMEOUT', 'the file arrived too slowly while others wait to send theirs'),
            request.raw.socket,
          ),
      })
      const length = Number(request.headers['content-length'] ?? 0)
      // A form has a few hundred bytes around each file.
      if (length > this.#limit + (request.isMultipart() ? mostData * 512 : 0)) throw this.#tooLarge()
      await this.#store.disk.require()
      const upload = await (request.isMultipart() ? this.#form(request, path, progress) : this.#bytes(request, path, progress))
      progress.whole = true
      if (upload.file.bytes === 0) throw wrong('', 'the file is empty: send the bytes of an ONNX model')
      return await use(upload)
    } catch (cause) {
      drain(request)
      throw cause
    } finally {
      release?.()
      for (const each of paths) await this.#store.blobs.discard(each)
    }
  }

  /** A body that is the file itself; its name is in the address. */
  async #bytes(request: FastifyRequest, path: NewPath, progress: Progress): Promise<Upload> {
    const query = request.query as Fields
    const name = nameOf(query.name, 'say ?name=… in the address')
    const sizes = readSizes(query)
    return { name, file: await this.#save(request.body as Readable, await path(), progress), data: [], ...sizes }
  }

  /** A form with the fields `name`, `file`, `dims` and `inputShape`, and `data` for each file beside the model, in any order. */
  async #form(request: FastifyRequest, path: NewPath, progress: Progress): Promise<Upload> {
    const fields: Fields = { ...(request.query as Fields) }
    let file: BlobFile | undefined
    const data: DataFile[] = []
    const violations: Violation[] = []
    try {
      for await (const part of request.parts({ limits: { parts: mostData + 20, fieldSize: 10_000, fileSize: Number.POSITIVE_INFINITY } })) {
        if (part.type === 'file' && part.fieldname === 'file' && !file) file = await this.#save(part.file, await path(), progress)
        else if (part.type === 'file' && part.fieldname === 'data' && data.length < mostData) {
          if (data.some((each) => each.name === part.filename))
            violations.push({ path: '/data', message: `two files are called "${part.filename.slice(0, 60)}": send each once` })
          data.push({ name: part.filename, file: await this.#save(part.file, await path(), progress) })
        } else if (part.type === 'field' && isField(part.fieldname)) fields[part.fieldname] = part.value
        else {
          violations.push({
            path: `/${part.fieldname.slice(0, 60)}`,
            message: `${wrongField(part.fieldname)}: the fields are name, file, data, dims and inputShape`,
          })
          if (part.type === 'file') part.file.resume()
        }
      }
    } catch (cause) {
      if (cause instanceof ApiError || (cause as NodeJS.ErrnoException).syscall) throw cause
      throw new ApiError(
        'MALFORMED_REQUEST',
        `the form cannot be read: ${(cause as Error).message.slice(0, 200)}; send it whole, with the fields name, file and data`,
      )
    }
    if (violations.length > 0) throw invalidRequest('form', violations)
    if (!file) throw wrong('/file', 'the form has no file: send the ONNX model as the field file')
    return { name: nameOf(fields.name, 'send it as the field name'), file, data, ...readSizes(fields) }
  }

  async #save(from: Readable, path: string, progress: Progress): Promise<BlobFile> {
    const hash = createHash('sha256')
    const before = progress.bytes
    const file = await open(path, 'wx', 0o600)
    try {
      // Not destroyed here: that would close the connection before the answer is sent.
      for await (const chunk of from.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
        progress.bytes += chunk.length
        if (progress.bytes > this.#limit) throw this.#tooLarge()
        hash.update(chunk)
        for (let at = 0; at < chunk.length; ) at += (await file.write(chunk, at)).bytesWritten
      }
      return { path, digest: `sha256:${hash.digest('hex')}`, bytes: progress.bytes - before }
    } finally {
      await file.close()
    }
  }

  #tooLarge(): ApiError {
    return new ApiError(
      'BODY_TOO_LARGE',
      `the file and those beside it have more than ${this.#limit} bytes, the limit (MAX_UPLOAD_BYTES): costs need no weights, so export the model with external data and send it alone`,
    )
  }
}

function wrongField(field: string): string {
  if (field === 'file') return 'file is one file, sent with a file name'
  return field === 'data' ? `data are at most ${mostData} files, each sent with its file name` : `there is no field ${field.slice(0, 60)}`
}

/** What stands beside the files, in the address or in a form. */
type Fields = { name?: unknown; dims?: unknown; inputShape?: unknown }
const isField = (name: string): name is keyof Fields => name === 'name' || name === 'dims' || name === 'inputShape'

/** Reads what an address or a form has under a name. @throws ApiError INVALID_REQUEST. */
function written<T>(path: '/dims' | '/inputShape', read: () => T): T {
  try {
    return read()
  } catch (cause) {
    throw invalidRequest('request', [{ path, message: (cause as Error).message }])
  }
}

/** Sizes of dims by their names, as `height:640,width:640`. @throws ApiError INVALID_REQUEST. */
export const askedDims = (text: string): Record<string, number> => written('/dims', () => readDims(text))

/** Sizes of an image, as `3,640,640`, and of open dims, as `height:640,width:640`. @throws ApiError INVALID_REQUEST. */
function readSizes({ dims, inputShape }: Fields): { sizes?: OpenSizes } {
  const sizes: OpenSizes = {}
  if (inputShape !== undefined) sizes.inputShape = written('/inputShape', () => readInputShape(String(inputShape)))
  if (dims !== undefined) sizes.dims = askedDims(String(dims))
  return dims === undefined && inputShape === undefined ? {} : { sizes }
}

function nameOf(name: unknown, how: string): string {
  if (typeof name !== 'string' || name === '') throw wrong('/name', `the architecture has no name: ${how}`)
  if (name.length > 200) throw wrong('/name', 'the name is longer than 200 characters')
  return name
}

function drain({ raw }: FastifyRequest): void {
  if (raw.destroyed || raw.readableEnded) return
  raw.unpipe()
  raw.resume()
  const timer = setTimeout(() => raw.destroy(), drainMs)
  raw.once('close', () => clearTimeout(timer))
}
