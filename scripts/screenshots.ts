/**
 * `npm run screenshots [-- folder [page,page… [look,look…]]]`: every page of the dashboard in both themes at 1280 and 390 pixels
 * (looks: `1280-light` and so on), of a service of its own with something in it. With `URL` set, of the service there. To be
 * looked at: nothing compares them.
 */
import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import chromium from '@sparticuz/chromium'
import { type Page, chromium as playwright } from 'playwright-core'
import { fill, fillKeys, startService } from './web/tour.ts'

const [folder = 'screenshots', only = '', which = ''] = process.argv.slice(2)
const steps = stepsOf()
const listed = (list: string, name: string): boolean => list === '' || list.split(',').includes(name)
const looks = [
  ['light', 1280, 800],
  ['dark', 1280, 800],
  ['light', 390, 844],
  ['dark', 390, 844],
] as const

mkdirSync(folder, { recursive: true })
const service = process.env.URL ? null : await startService()
const url = process.env.URL ?? service!.url
const args = chromium.args.filter((flag) => flag !== '--single-process')
const browser = await playwright.launch({ executablePath: await chromium.executablePath(), args })
try {
  if (service) await shoot({ begin: '/' })
  const pages = await fill(url)
  await shoot({ ...pages, zoo: '/architectures', queue: pages.architecture! })
  // The first key closes the service to those without one. Last, since a key is then needed.
  const ofKeys = ['signIn', 'keys', 'auditOfKey', 'runOfKey', 'runsOfKeys', 'keysOfReader', 'auditOfReader']
  if (service && ofKeys.some((name) => listed(only, name))) {
    const withKeys = await fillKeys(url)
    await shoot({ signIn: '/' })
    for (const { key, pages } of withKeys) await shoot(pages, key)
  }
} finally {
  await browser.close()
  await service?.stop()
  if (service) rmSync(service.dataDir, { recursive: true, force: true })
}

/** What is done on a page before its picture is taken. Hoisted, since pages are taken above. */
function stepsOf(): Record<string, (page: Page) => Promise<void>> {
  return {
    async zoo(page) {
      await page.getByRole('textbox', { name: 'From the zoo' }).fill('resnet50')
      await page.getByRole('option', { name: 'resnet50', exact: true }).click()
      await page.getByRole('button', { name: 'Change its options' }).click()
      await page.getByText('as published').waitFor()
    },
    async queue(page) {
      await page.getByRole('button', { name: 'Time it' }).click()
      await page.getByRole('button', { name: 'Queue it', exact: true }).waitFor()
    },
  }
}

/** @param key by which the browser signs in; without one where none is needed. */
async function shoot(pages: Record<string, string>, key = ''): Promise<void> {
  const wanted = Object.entries(pages).filter(([name]) => listed(only, name))
  if (wanted.length === 0) return
  for (const [colorScheme, width, height] of looks) {
    if (!listed(which, `${width}-${colorScheme}`)) continue
    // One for all pages, so that their files are loaded once.
    const context = await browser.newContext({ viewport: { width, height }, colorScheme, reducedMotion: 'reduce' })
    if (key) await context.request.post(`${url}/v1/session`, { data: { key } })
    const page = await context.newPage()
    page.setDefaultTimeout(120_000)
    page.on('pageerror', (error) => console.log(`${page.url()}: ${error}`))
    page.on('console', (message) => message.type() === 'error' && console.log(`${page.url()}: ${message.text()}`))
    for (const [name, path] of wanted) {
      await page.goto(url + path)
      await page.waitForSelector('h1')
      // Not by a function in the page: its policy forbids what playwright would evaluate.
      await steps[name]?.(page)
      await page.waitForSelector('[aria-busy=true]', { state: 'detached' })
      await page.waitForSelector('.chart:not([data-drawn])', { state: 'detached' })
      await page.waitForTimeout(500)
      await page.screenshot({
        path: join(folder, `${name}-${width}-${colorScheme}.png`),
        fullPage: true,
        animations: 'disabled',
        timeout: 300_000,
      })
    }
    await context.close()
    console.log(`${width} px, ${colorScheme}: ${wanted.map(([name]) => name).join(', ')}`)
  }
}
