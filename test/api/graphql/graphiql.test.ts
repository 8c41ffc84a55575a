/** GraphiQL in a real browser, on the whole service. */
import assert from 'node:assert/strict'
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import chromium from '@sparticuz/chromium'
import { type Browser, chromium as playwright } from 'playwright-core'
import { lectureAlexNet, openTestApi, smallNetwork, type TestApi } from '../helper.ts'

/** Flags of the package for servers without a display, less those that would weaken what is tested here. */
const args = chromium.args.filter(
  (flag) => !['--disable-web-security', '--allow-running-insecure-content', '--single-process'].includes(flag),
)

let api: TestApi
let browser: Browser | undefined
let why = ''
before(async () => {
  api = await openTestApi()
  try {
    browser = await playwright.launch({ executablePath: await chromium.executablePath(), args })
  } catch (cause) {
    why = `skipped: Chromium does not start here: ${(cause as Error).message.split('\n')[0]}`
  }
})
after(async () => {
  await browser?.close()
  await api.close()
})

/** The page, loaded, and everything that it asked for and complained about. */
async function open(session: Browser) {
  const page = await session.newPage({ viewport: { width: 1280, height: 800 } })
  const requests: string[] = []
  const complaints: string[] = []
  page.on('request', (request) => void requests.push(request.url()))
  page.on('websocket', (socket) => void requests.push(socket.url()))
  page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()))
  page.on('pageerror', (error) => void complaints.push(String(error)))
  await page.goto(`${api.url}/graphiql`)
  await page.waitForSelector('.graphiql-query-editor .CodeMirror')
  const run = async (query: string) => {
    await page.click('.graphiql-query-editor .CodeMirror-lines')
    await page.keyboard.press('Control+A')
    await page.keyboard.insertText(query)
    // GraphiQL looks for the operations in what is typed a moment later.
    await page.waitForTimeout(500)
    await page.keyboard.press('Control+Enter')
  }
  const result = () => page.evaluate<string | undefined>("document.querySelector('.result-window .CodeMirror')?.CodeMirror.getValue()")
  return { page, requests, complaints, run, result }
}

/** Waits until the result says so. */
async function until(read: () => Promise<string | undefined>, pattern: RegExp): Promise<string> {
  let text: string | undefined
  for (let i = 0; i < 300; i++) {
    text = await read()
    if (text !== undefined && pattern.test(text)) return text
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  assert.fail(`the result window shows ${text}`)
}

test('the page loads from this service alone, and a query that is typed shows its result', { timeout: 90_000 }, async (t) => {
  if (!browser) return t.skip(why)
  await api.request.post('/v1/architectures').send(lectureAlexNet).expect(201)
  const { page, requests, complaints, run, result } = await open(browser)
  await run('{ architectures { edges { node { name costs { layers { id flops } } } } } }')
  const shown = JSON.parse(await until(result, /conv1/))
  assert.equal(shown.data.architectures.edges[0].node.costs.layers[0].flops, 72_855_552)
  await page.click('button[aria-label="Show Documentation Explorer"]')
  await page.click('.graphiql-doc-explorer-content a:has-text("Query")')
  await page.waitForSelector('.graphiql-doc-explorer-content a:has-text("architectures")')
  const screenshot = join(await mkdtemp(join(tmpdir(), 'archmeter-graphiql-')), 'graphiql.png')
  await page.screenshot({ path: screenshot })
  t.diagnostic(`screenshot: ${screenshot}`)
  assert.deepEqual(complaints, [])
  assert.ok(requests.length >= 8)
  for (const url of requests) assert.ok(url.startsWith(`${api.url}/`) || url.startsWith('data:') || url.startsWith('blob:'), url)
  await page.close()
})

test('a subscription that is typed shows the events of a run until its end', { timeout: 90_000 }, async (t) => {
  if (!browser) return t.skip(why)
  const { body } = await api.request.post('/v1/architectures').send(smallNetwork(4)).expect(201)
  api.worker.autoMs = null
  const run = { architectureId: body.id, device: 'cpu:0', runtime: 'onnxruntime' }
  const { id } = (await api.request.post('/v1/runs').send(run).expect(202)).body
  const { page, requests, complaints, run: type, result } = await open(browser)
  await type(`subscription { runEvents(runId: "${id}") { seq type run { status } } }`)
  await until(result, /"type": "phase"/)
  api.worker.finish(id)
  const shown = JSON.parse(await until(result, /"type": "succeeded"/))
  assert.equal(shown.data.runEvents.run.status, 'succeeded')
  // The button offers to run again once the subscription has completed.
  await page.waitForSelector('button[aria-label="Execute query (Ctrl-Enter)"]')
  assert.deepEqual(complaints, [])
  assert.ok(requests.includes(`${api.url.replace('http', 'ws')}/graphql`))
  await page.close()
})
