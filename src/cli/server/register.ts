import { openAsBlob } from 'node:fs'
import path from 'node:path'
import { failureOf, pathBeside, readJson, sourceOf, specificationOf, startsJson } from '../load.ts'
import { readOnnxSkeleton } from '../onnx-skeleton.ts'
import type { Sizes } from '../options.ts'
import type { Body, Client } from './client.ts'

/** What the service says of an architecture, as far as it is read here. */
export interface Registered {
  id: string
  name: string
}

/** Names end there. */
const longest = 200

/**
 * Registers a model with a service: a preset by its name, JSON as it is, an ONNX file with the files beside it that it names.
 * What is there already comes back as it is.
 * @param sizes that an ONNX file leaves open. @throws CliError where it cannot be read, or the service refuses it.
 */
export async function register(client: Client, model: string, name?: string, sizes: Sizes = {}): Promise<Registered> {
  const { query = '', ...request } = await requestOf(model, name, sizes).catch((cause) => {
    throw failureOf(model, cause)
  })
  return (await client.ask<Registered>(`/v1/architectures${query}`, { method: 'POST', ...request })).body
}

interface Request {
  body: object | Body
  headers?: Record<string, string>
  query?: string
}

async function requestOf(model: string, given: string | undefined, sizes: Sizes): Promise<Request> {
  const source = sourceOf(model)
  const name = (given ?? (model === '-' ? 'stdin' : path.basename(model))).slice(0, longest)
  if ('preset' in source) return { body: { name, zoo: { preset: source.preset } } }
  const whole = 'path' in source ? await openAsBlob(source.path) : new Blob([source.bytes as Uint8Array<ArrayBuffer>])
  const isJson = 'path' in source ? source.json : startsJson(Buffer.from(source.bytes.subarray(0, 64)).toString('latin1'))
  // A name that stands in JSON goes before that of its file.
  if (isJson) return { body: { name, ...specificationOf(readJson(await whole.text())), ...(given === undefined ? {} : { name }) } }
  const beside = 'path' in source ? await filesBeside(source, sizes) : []
  if (beside.length === 0)
    return {
      body: whole,
      headers: { 'content-type': 'application/octet-stream' },
      query: `?${new URLSearchParams({ name, ...written(sizes) })}`,
    }
  const form = new FormData()
  form.set('name', name)
  for (const [field, text] of Object.entries(written(sizes))) form.set(field, text)
  form.set('file', whole, 'model.onnx')
  for (const { location, file } of beside) form.append('data', await openAsBlob(file), location)
  return { body: form }
}

/** Sizes of dims as the service takes them. */
export const writtenDims = (dims: NonNullable<Sizes['dims']>): string =>
  Object.entries(dims)
    .map(([name, size]) => `${name}:${size}`)
    .join()

/** Sizes as the service takes them in an address or a form. */
const written = ({ dims, inputShape }: Sizes): Record<string, string> => ({
  ...(dims ? { dims: writtenDims(dims) } : {}),
  ...(inputShape ? { inputShape: inputShape.join() } : {}),
})

/** Files that the model names for its numbers, those that are there. Names that lead out of its folder are not followed. */
async function filesBeside(
  { path: model, folder }: { path: string; folder: string },
  sizes: Sizes,
): Promise<{ location: string; file: string }[]> {
  const { importOnnx } = await import('../../engine/formats/onnx-import/index.ts')
  return importOnnx(readOnnxSkeleton(model), { sizes }).beside.flatMap(({ location }) => {
    const file = pathBeside(folder, location)
    return file === undefined ? [] : [{ location, file }]
  })
}
