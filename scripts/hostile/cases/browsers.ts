import { once } from 'node:events'
import http from 'node:http'
import WebSocket from 'ws'
import type { HostileCase, HostileGroup, Service } from '../contract.ts'

/** What any web page can make a browser send: it changes nothing, reads nothing and opens no websocket. */

type Headers = Record<string, string>

/** Sends exactly these headers: fetch sets Host by itself. @returns the status. */
async function send({ url }: Service, method: string, path: string, headers: Headers, body = ''): Promise<number> {
  const request = http.request(url + path, { method, headers, agent: false })
  request.end(body)
  const [response] = (await once(request, 'response')) as [http.IncomingMessage]
  response.resume()
  return response.statusCode!
}

async function upgrade({ url }: Service, headers: Headers): Promise<number> {
  const socket = new WebSocket(`${url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws', { headers })
  socket.on('error', () => {})
  const status = await Promise.race([
    once(socket, 'open').then(() => 101),
    once(socket, 'unexpected-response').then(([, { statusCode }]) => statusCode as number),
  ])
  socket.terminate()
  return status
}

const form = ['--x', 'Content-Disposition: form-data; name="file"; filename="a.onnx"', '', 'not a model', '--x--', ''].join('\r\n')
const foreign: Headers = { origin: 'https://elsewhere.example', 'sec-fetch-site': 'cross-site' }
const rebound: Headers = { host: 'rebound.example:3000' }
const nobody = '/v1/architectures/01890a5d-ac96-774b-bcce-b302099a8057'
const upload = '/v1/architectures?name=form'
const formType: Headers = { 'content-type': 'multipart/form-data; boundary=x' }

const refused = (name: string, expected: number, attempts: ((service: Service) => Promise<number>)[]): HostileCase => ({
  name,
  run: async (service) => {
    const statuses = await Promise.all(attempts.map((attempt) => attempt(service)))
    if (statuses.some((status) => status !== expected)) throw new Error(`answered ${statuses.join(', ')}, expected ${expected}`)
    return { status: expected, note: `${statuses.length} requests` }
  },
})

export const browsers: HostileGroup = {
  name: 'browsers',
  cases: [
    refused('a page of another origin: a form, a deletion, a websocket', 403, [
      (service) => send(service, 'POST', upload, { ...formType, ...foreign }, form),
      (service) => send(service, 'POST', upload, { ...formType, 'sec-fetch-site': 'cross-site' }, form),
      (service) => send(service, 'POST', upload, { ...formType, origin: 'null' }, form),
      (service) => send(service, 'DELETE', nobody, foreign),
      (service) => upgrade(service, foreign),
    ]),
    refused('a name that was rebound to this address: reading, writing, a websocket', 421, [
      (service) => send(service, 'GET', '/v1/architectures', rebound),
      (service) => send(service, 'POST', upload, { ...formType, ...rebound }, form),
      (service) => send(service, 'DELETE', nobody, rebound),
      (service) => upgrade(service, rebound),
    ]),
  ],
}
