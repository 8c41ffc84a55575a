/**
 * `npm run test:browser [-- story|axe]`: the dashboard in a real browser on a real service, from an empty store to a comparison; a second
 * tab, a service that ends and comes back; axe on every page. Says `skipped: why` and exits with 77 where no browser starts.
 */
import assert from 'node:assert/strict'
import { readFileSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { resolve } from 'node:path'
import chromium from '@sparticuz/chromium'
import { type Browser, type Page, chromium as playwright } from 'playwright-core'
import { call, fill, fillKeys, type Service, startService } from '../../scripts/web/tour.ts'

const root = resolve(import.meta.dirname, '../..')
const ok = (what: string): void => console.log(`ok: ${what}`)
const args = chromium.args.filter(
  (flag) => !['--disable-web-security', '--allow-running-insecure-content', '--single-process'].includes(flag),
)

let browser: Browser
try {
  browser = await playwright.launch({ executablePath: await chromium.executablePath(), args })
} catch (cause) {
  console.log(`skipped: Chromium does not start here: ${(cause as Error).message.split('\n')[0]}`)
  process.exit(77)
}

/** `story` or `axe` alone; both where none is named. */
const part = process.argv[2]
let service: Service = await startService()
const complaints: string[] = []
try {
  if (part !== 'axe') await story()
  if (part !== 'axe') await keys()
  if (part !== 'story') {
    if (part === undefined) await anew()
    await axe()
  }
  console.log('all of it holds')
} catch (error) {
  console.log(`FAILED: ${(error as Error).stack}`)
  process.exitCode = 1
} finally {
  await browser.close()
  await service.stop()
  rmSync(service.dataDir, { recursive: true, force: true })
}

/** A service without keys again. */
async function anew(): Promise<void> {
  await service.stop()
  rmSync(service.dataDir, { recursive: true, force: true })
  service = await startService()
}

async function open(path: string): Promise<Page> {
  const page = await browser.newPage({ viewport: { width: 1280, height: 900 } })
  page.setDefaultTimeout(60_000)
  page.on('pageerror', (error) => void complaints.push(String(error)))
  page.on('console', (message) => {
    if (message.type() === 'error' && /Content Security Policy|Uncaught/.test(message.text())) complaints.push(message.text())
  })
  await page.goto(service.url + path)
  return page
}

async function story(): Promise<void> {
  const page = await open('/')
  await page.getByRole('heading', { name: 'What does a network cost?' }).waitFor()
  ok('an empty store teaches')

  // The lecture's AlexNet as an ONNX file, written by another service that is then thrown away.
  const onnx = await exported()
  await drop(page, 'alexnet.onnx', onnx)
  await page.waitForURL(/\/architectures\/[\w-]+/)
  const conv1 = page.getByRole('row', { name: /^conv1/ })
  await conv1.waitFor()
  // Lecture 8: conv1 has 64 filters of 11×11 at stride 4 and pad 2; 784 KB, 23 k parameters, 73 Mflop.
  assert.deepEqual(await conv1.getByRole('cell').allInnerTexts(), ['3', '227', '64', '11', '4', '2', '64', '56', '784', '23.3', '72.9'])
  assert.match((await page.getByRole('row', { name: /^fc6/ }).innerText()).replaceAll('\t', ' '), /37,753 37\.7$/)
  ok('an ONNX file dropped: its table is the lecture’s')
  await page.locator('.chart[data-drawn]').first().waitFor()

  await page.getByRole('textbox', { name: 'Convention' }).click()
  await page.getByRole('option', { name: 'full', exact: true }).click()
  await page.getByText('full counts 718 M more than lecture').waitFor()
  assert.match(page.url(), /convention=full/)
  ok('another convention, and why it differs')
  await page.reload()
  await page.getByText('full counts 718 M more than lecture').waitFor()
  ok('the address holds what is on screen')
  const first = await queue(page)

  await page.getByRole('link', { name: 'Architectures' }).click()
  await page.getByRole('textbox', { name: 'From the zoo' }).fill('squeezenet1_1')
  await page.getByRole('option', { name: 'squeezenet1_1' }).click()
  await page.getByText('as published').waitFor()
  await page.locator('strong', { hasText: '1.24 M params' }).waitFor()
  await page.getByRole('button', { name: 'Change its options' }).click()
  await page.getByRole('textbox', { name: 'classes' }).fill('10')
  // 1,235,496 parameters, of which the classifier of 1,000 classes has 513,000 and that of 10 has 5,130.
  await page.locator('strong', { hasText: '728 k params' }).waitFor()
  await page.getByRole('textbox', { name: 'classes' }).fill('-1')
  await page.getByText('There is no such network').waitFor()
  await page.getByRole('textbox', { name: 'classes' }).fill('1000')
  await page.locator('strong', { hasText: '1.24 M params' }).waitFor()
  ok('the zoo tells what a network costs as its options change')
  await page.getByRole('button', { name: 'Register', exact: true }).click()
  await page.getByRole('heading', { name: 'squeezenet1_1' }).waitFor()
  const second = await queue(page)
  ok('a network of the zoo registered; both queued')

  const other = await open('/runs')
  await other.getByRole('row', { name: /squeezenet1_1/ }).waitFor()
  await page.goto(service.url + first)
  await page.getByRole('region', { name: 'Certificate' }).waitFor({ timeout: 240_000 })
  await page.goto(service.url + second)
  await page.getByRole('region', { name: 'Certificate' }).waitFor({ timeout: 240_000 })
  ok('both watched to their end, without a reload of their page')
  const done = /valid|suspect|invalid/
  await other
    .getByRole('row', { name: /squeezenet1_1/ })
    .filter({ hasText: done })
    .waitFor()
  ok('a second tab saw it too')

  await page.getByRole('img', { name: /samples in order; median/ }).waitFor()
  await page.locator('.chart[data-drawn]').nth(1).waitFor()
  ok('the samples are drawn')

  for (const box of await other.getByRole('checkbox').all()) await box.check()
  await other.getByRole('link', { name: 'Compare the two' }).click()
  await other.getByRole('region', { name: 'Verdict' }).waitFor()
  ok(`compared: ${await other.getByRole('region', { name: 'Verdict' }).getByRole('heading').innerText()}`)

  await other.getByRole('link', { name: 'Architectures' }).click()
  for (const name of ['alexnet', 'squeezenet1_1']) await other.getByRole('checkbox', { name: `Compare ${name}` }).check()
  await other.getByRole('link', { name: 'Compare the 2' }).click()
  await other.getByRole('region', { name: 'Layer by layer' }).waitFor()
  ok('two networks side by side, layer by layer')
  await other.getByRole('link', { name: 'alexnet', exact: true }).click()
  await other.getByRole('tab', { name: 'Advice' }).click()
  await other.getByRole('button', { name: 'Preview depthwiseSeparable' }).click()
  await other.getByRole('region', { name: 'Before and after' }).waitFor()
  await other.getByRole('button', { name: 'Register as new' }).click()
  await other.getByText('alexnet, rewritten').waitFor()
  ok('advice followed: a rewrite previewed and registered')

  const port = Number(new URL(service.url).port)
  await page.getByRole('link', { name: 'Home' }).click()
  await service.stop()
  await page.getByRole('status').getByText('no answer').waitFor()
  service = await startService(service.dataDir, port)
  await page
    .getByRole('status')
    .getByText(/live|every/)
    .waitFor()
  await call(service.url, '/v1/architectures', { name: 'after the restart', zoo: { preset: 'alexnet' } })
  await page.getByRole('link', { name: /after the restart/ }).waitFor()
  ok('the service ended and came back; the page goes on by itself')
  assert.deepEqual(complaints, [])
  await page.close()
  await other.close()
}

/** The first key made on its page, and another one; what a reader is told. Last, since it closes the service. */
async function keys(): Promise<void> {
  const page = await open('/keys')
  await page.getByText('No key has been made yet').waitFor()
  const make = async (name: string): Promise<string> => {
    await page.getByRole('button', { name: 'Make a key' }).click()
    await page.getByRole('textbox', { name: 'Name' }).fill(name)
    await page.getByRole('button', { name: 'Make it' }).click()
    const key = await page.getByRole('region', { name: 'API key' }).innerText()
    assert.match(key, /^amk_[0-9a-f]{8}_[0-9a-f]{64}$/)
    await page.getByRole('button', { name: 'I have kept it' }).click()
    await page.getByRole('row', { name }).waitFor()
    return key
  }
  await make('Ada')
  assert.equal((await fetch(`${service.url}/v1/runs`)).status, 401)
  ok('the first key is shown once, closes the service, and leaves its maker signed in')
  await make('ci')
  await page.getByRole('link', { name: 'Audit log' }).click()
  await page
    .getByRole('row', { name: /made a key/ })
    .first()
    .waitFor()
  await page.getByRole('textbox', { name: 'Change' }).click()
  await page.getByRole('option', { name: 'queued a run' }).click()
  await page.waitForURL(/action=createRun/)
  await page
    .getByRole('row', { name: /queued a run/ })
    .first()
    .waitFor()
  assert.equal(await page.getByRole('row', { name: /made a key/ }).count(), 0)
  await page.reload()
  await page
    .getByRole('row', { name: /queued a run/ })
    .first()
    .waitFor()
  ok('the audit log, narrowed; its address holds the filter')
  await page.getByRole('link', { name: 'Keys' }).click()
  await page.getByRole('button', { name: 'Revoke ci' }).click()
  await page.getByRole('button', { name: 'Revoke it' }).click()
  await page.getByRole('row', { name: /^ci/ }).waitFor({ state: 'detached' })
  await page.getByRole('button', { name: 'Revoke Ada' }).click()
  await page.getByRole('button', { name: 'Revoke it' }).click()
  await page.getByRole('alert').getByText(/last/).waitFor()
  ok('a key revoked; the last one of an admin is kept, and the page says why')
  assert.deepEqual(complaints, [])
  await page.close()
}

/** Presses “Time it”, without the pass over layers. Gives the address of the run's page. */
async function queue(page: Page): Promise<string> {
  await page.getByRole('button', { name: 'Time it' }).click()
  await page.getByRole('checkbox', { name: /Time each layer/ }).uncheck()
  await page.getByRole('button', { name: 'Queue it', exact: true }).click()
  await page.waitForURL(/\/runs\/[\w-]+/)
  return new URL(page.url()).pathname
}

async function exported(): Promise<Buffer> {
  const source = await startService()
  const { id } = await call(
    source.url,
    '/v1/architectures',
    JSON.parse(readFileSync(resolve(root, 'examples/alexnet-lecture.json'), 'utf8')),
  )
  const file = Buffer.from(await (await fetch(`${source.url}/v1/architectures/${id}/export?format=onnx`)).arrayBuffer())
  await source.stop()
  rmSync(source.dataDir, { recursive: true, force: true })
  return file
}

async function drop(page: Page, name: string, content: Buffer): Promise<void> {
  const dataTransfer = await page.evaluateHandle(
    ([name, base64]) => {
      // In the page, whose types are not those of Node.
      const transfer = new (globalThis as any).DataTransfer()
      transfer.items.add(new File([Uint8Array.from(atob(base64!), (sign) => sign.charCodeAt(0))], name!))
      return transfer
    },
    [name, content.toString('base64')],
  )
  await page.getByRole('region', { name: 'Register a file' }).dispatchEvent('drop', { dataTransfer })
}

/** What axe calls serious or critical, on every page in both themes. */
async function axe(): Promise<void> {
  const pages = await fill(service.url)
  const found = await violationsOn(pages)
  // Keys close the service, so what needs one comes last.
  const withKeys = await fillKeys(service.url)
  for (const { key, pages } of withKeys) found.push(...(await violationsOn(pages, key)))
  assert.deepEqual(found, [])
  const names = [pages, ...withKeys.map(({ pages }) => pages)].flatMap((each) => Object.keys(each))
  ok(`axe finds nothing serious on ${names.join(', ')}, light and dark`)
}

/** @param key by which the browser signs in; without one where none is needed. */
async function violationsOn(pages: Record<string, string>, key = ''): Promise<string[]> {
  const source = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
  const found: string[] = []
  for (const [name, path] of Object.entries(pages))
    for (const colorScheme of ['light', 'dark'] as const) {
      // axe comes as inline script, which the policy of the pages forbids.
      const context = await browser.newContext({
        bypassCSP: true,
        colorScheme,
        viewport: { width: 1280, height: 900 },
        reducedMotion: 'reduce',
      })
      if (key) await context.request.post(`${service.url}/v1/session`, { data: { key } })
      const page = await context.newPage()
      await page.goto(service.url + path)
      await page.waitForSelector('h1').catch(async (cause) => {
        throw new Error(`${name}, ${colorScheme}: no heading: ${(await page.innerText('body')).slice(0, 500)}`, { cause })
      })
      await page.waitForSelector('[aria-busy=true]', { state: 'detached' })
      await page.waitForSelector('.chart:not([data-drawn])', { state: 'detached' })
      await page.evaluate(source)
      const { violations } = await page.evaluate<{
        violations: { id: string; impact: string; nodes: { html: string; failureSummary: string }[] }[]
      }>('axe.run(document, { resultTypes: ["violations"] })')
      const bad = violations.filter(({ impact }) => impact === 'serious' || impact === 'critical')
      for (const { id, nodes } of bad)
        for (const { html, failureSummary } of nodes.slice(0, 3))
          console.log(`${name}, ${colorScheme}: ${id}: ${html.slice(0, 160)}\n  ${failureSummary}`)
      for (const { id } of bad) found.push(`${id} on ${name}, ${colorScheme}`)
      await context.close()
    }
  return found
}
