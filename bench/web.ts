/**
 * The dashboard in a real browser: what its landing route weighs, how soon it is there, how a table of 10,000 layers scrolls,
 * and how soon their graph is drawn, folded. Each figure stands beside one of the same browser and service, since these
 * machines' speed drifts.
 */
import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import chromium from '@sparticuz/chromium'
import { type Browser, type Page, chromium as playwright } from 'playwright-core'
import { type Benchmark, type Figure, median, runIfMain, Skipped, show } from './figure.ts'
import { call, startService } from './service.ts'

const assets = join(import.meta.dirname, '../web/dist/assets')
const repeats = 5
const layers = 10_000

/** A chain of blocks of five layers, named as a framework would. */
function deepNetwork(): object {
  const conv = { type: 'Conv2d', outChannels: 16, kernelSize: 3, padding: 1 }
  const parts = [
    ['conv1', conv],
    ['bn1', { type: 'BatchNorm2d' }],
    ['relu', { type: 'ReLU' }],
    ['conv2', conv],
    ['bn2', { type: 'BatchNorm2d' }],
  ] as const
  return {
    name: 'ten thousand layers',
    input: { shape: [16, 32, 32] },
    layers: Array.from({ length: layers }, (_, at) => {
      const block = Math.floor(at / parts.length)
      const [name, layer] = parts[at % parts.length]!
      return { id: `layer${Math.floor(block / 100)}.${block % 100}.${name}`, ...layer }
    }),
  }
}

const ofPages = async (browser: Browser, work: (page: Page) => Promise<void>): Promise<void> => {
  // The pages' policy forbids what is evaluated in them here. A context each, so that nothing is cached.
  const context = await browser.newContext({ bypassCSP: true, viewport: { width: 1280, height: 900 } })
  try {
    await work(await context.newPage())
  } finally {
    await context.close()
  }
}

/** Milliseconds until `ready`, the medians of two addresses opened in alternation. */
async function opened(browser: Browser, address: string, ready: string, bare: string): Promise<[number, number]> {
  const times: [number[], number[]] = [[], []]
  for (let i = 0; i < repeats; i++)
    for (const [at, url] of [address, bare].entries())
      await ofPages(browser, async (page) => {
        const began = performance.now()
        await page.goto(url, { waitUntil: 'commit' })
        await page.waitForSelector(at === 0 ? ready : ':root')
        times[at]!.push(performance.now() - began)
      })
  return [median(times[0]), median(times[1])]
}

const gzipped = (name: string): number => {
  const file = join(assets, name)
  return statSync(existsSync(`${file}.gz`) ? `${file}.gz` : file).size
}

/** What a first visit of `/` loads, in bytes. */
async function landing(browser: Browser, url: string): Promise<Figure> {
  let names: string[] = []
  await ofPages(browser, async (page) => {
    page.on('request', (request) => names.push(new URL(request.url()).pathname))
    await page.goto(url)
    await page.waitForSelector('h1')
    await page.waitForTimeout(1000)
  })
  names = [...new Set(names)].filter((each) => each.startsWith('/assets/')).map((each) => each.slice('/assets/'.length))
  const bytes = names.reduce((sum, name) => sum + gzipped(name), 0)
  const all = readdirSync(assets).filter((name) => !/\.(br|gz)$/.test(name))
  const chunks = all
    .map((name) => [name, gzipped(name)] as const)
    .sort(([, a], [, b]) => b - a)
    .slice(0, 4)
  return {
    name: 'files of the landing route, gzip',
    value: bytes / 1000,
    unit: 'kB',
    yardstick: { name: 'all files of the dashboard', value: all.reduce((sum, name) => sum + gzipped(name), 0) / 1000, unit: 'kB' },
    aim: 'under 200 kB',
    met: bytes < 200_000,
    note: `${names.length} files; the largest of all: ${chunks.map(([name, size]) => `${name} ${show(size / 1000)}`).join(', ')}`,
  }
}

/** Frames drawn in two seconds, and the longest of them, while `moving` is scrolled or nothing moves. */
const frames = (page: Page, moving: boolean): Promise<{ perSecond: number; longest: number }> =>
  page.evaluate(async (moving) => {
    const { document, performance, requestAnimationFrame } = globalThis as any
    const box = [...document.querySelectorAll('.lecture, .lecture *')].find((each) => each.scrollHeight > each.clientHeight + 1000)
    const began = performance.now()
    let [count, longest, last] = [0, 0, began]
    while (last - began < 2000) {
      if (moving) box.scrollTop += 120
      const now: number = await new Promise((next) => requestAnimationFrame(next))
      longest = Math.max(longest, now - last)
      last = Math.max(now, last)
      count++
    }
    return { perSecond: (1000 * count) / (last - began), longest }
  }, moving)

async function deep(browser: Browser, url: string): Promise<Figure[]> {
  const { id, links } = await call<{ id: string; links: { costs: string } }>(`${url}/v1/architectures`, deepNetwork())
  const address = `${url}/architectures/${id}?rows=all`
  const [table, bare] = await opened(browser, address, '.lecture tbody tr', `${url}${links.costs}`)
  const rest: number[] = []
  const scrolled: number[] = []
  const longest: number[] = []
  const graphs: number[] = []
  await ofPages(browser, async (page) => {
    await page.goto(address)
    await page.waitForSelector('.lecture tbody tr')
    for (let i = 0; i < 3; i++) {
      rest.push((await frames(page, false)).perSecond)
      const moved = await frames(page, true)
      scrolled.push(moved.perSecond)
      longest.push(moved.longest)
    }
    for (let i = 0; i < repeats; i++) {
      await page.getByRole('tab', { name: 'Table' }).click()
      await page.waitForSelector('.lecture tbody tr')
      const began = performance.now()
      await page.getByRole('tab', { name: 'Graph' }).click()
      await page.waitForSelector('.graph [role="button"]')
      graphs.push(performance.now() - began)
    }
  })
  const share = median(scrolled) / median(rest)
  // The first opening loads the layout as well.
  const graph = median(graphs.slice(1))
  return [
    {
      name: `table of ${show(layers)} layers, opened`,
      value: table,
      unit: 'ms',
      yardstick: { name: 'its costs as JSON in the same browser', value: bare, unit: 'ms' },
      aim: 'under 3,000 ms',
      met: table < 3000,
      note: `median of ${repeats}`,
    },
    {
      name: 'frames while that table scrolls',
      value: median(scrolled),
      unit: 'a second',
      yardstick: { name: 'frames while nothing moves', value: median(rest), unit: 'a second' },
      aim: 'at least 0.9 of those at rest',
      met: share >= 0.9,
      note: `ratio ${show(share)}; longest frame ${show(Math.max(...longest))} ms; 120 px a frame for 2 s, three times; drawn without a GPU`,
    },
    {
      name: 'their graph, opened folded',
      value: graph,
      unit: 'ms',
      yardstick: { name: 'the same at first, with the layout to load', value: graphs[0]!, unit: 'ms' },
      aim: 'under 1,000 ms',
      met: graph < 1000,
      note: `median of ${repeats - 1}`,
    },
  ]
}

async function run(): Promise<Figure[]> {
  execFileSync('sh', [join(import.meta.dirname, '../scripts/build-web.sh')], { stdio: 'inherit' })
  if (!existsSync(assets)) throw new Skipped('the pages could not be built')
  const args = chromium.args.filter((flag) => flag !== '--single-process')
  const executablePath = await chromium.executablePath()
  const browser = await playwright.launch({ executablePath, args }).catch((cause: Error) => {
    throw new Skipped(`Chromium does not start here: ${cause.message.split('\n')[0]}`)
  })
  const service = await startService()
  try {
    const size = await landing(browser, service.url)
    const [home, bare] = await opened(browser, service.url, 'h1', `${service.url}/assets/icon.svg`)
    return [
      size,
      {
        name: 'the landing route, opened',
        value: home,
        unit: 'ms',
        yardstick: { name: 'an icon of the same service', value: bare, unit: 'ms' },
        aim: 'under 1,000 ms',
        met: home < 1000,
        note: `to its heading, nothing cached; median of ${repeats}`,
      },
      ...(await deep(browser, service.url)),
    ]
  } finally {
    await browser.close()
    await service.stop()
  }
}

export const benchmark: Benchmark = { name: 'web', run }
await runIfMain(benchmark, import.meta.main)
