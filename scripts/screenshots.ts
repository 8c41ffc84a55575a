/**
 * `npm run screenshots [-- folder [page,page…]]`: every page of the dashboard in both themes at 1280 and 390 pixels, of a service
 * of its own with something in it. With `URL` set, of the service there. To be looked at: nothing compares them.
 */
import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import chromium from '@sparticuz/chromium'
import { chromium as playwright } from 'playwright-core'
import { fill, startService } from './web/tour.ts'

const [folder = 'screenshots', only = ''] = process.argv.slice(2)
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
  await shoot(await fill(url))
} finally {
  await browser.close()
  await service?.stop()
  if (service) rmSync(service.dataDir, { recursive: true, force: true })
}

async function shoot(pages: Record<string, string>): Promise<void> {
  const wanted = Object.entries(pages).filter(([name]) => only === '' || only.split(',').includes(name))
  for (const [colorScheme, width, height] of looks) {
    // One for all pages, so that their files are loaded once.
    const page = await browser.newPage({ viewport: { width, height }, colorScheme, reducedMotion: 'reduce' })
    page.setDefaultTimeout(120_000)
    page.on('pageerror', (error) => console.log(`${page.url()}: ${error}`))
    page.on('console', (message) => message.type() === 'error' && console.log(`${page.url()}: ${message.text()}`))
    for (const [name, path] of wanted) {
      await page.goto(url + path)
      await page.waitForSelector('h1')
      // Not by a function in the page: its policy forbids what playwright would evaluate.
      await page.waitForSelector('[aria-busy=true]', { state: 'detached' })
      await page.waitForSelector('.chart:not([data-drawn])', { state: 'detached' })
      await page.waitForTimeout(500)
      await page.screenshot({ path: join(folder, `${name}-${width}-${colorScheme}.png`), fullPage: true })
    }
    await page.close()
    console.log(`${width} px, ${colorScheme}: ${wanted.map(([name]) => name).join(', ')}`)
  }
}
