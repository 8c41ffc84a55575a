import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { after, describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { DeviceSurvey } from '../../../src/gpu/devices/device.ts'
import { parseGpuLog } from '../../../src/gpu/devices/nvidia-smi.ts'
import { DeviceRoster } from '../../../src/gpu/devices/roster.ts'
import { cudaDevices } from '../../../src/gpu/devices/survey.ts'
import { quietLog } from '../../store/helper.ts'

const log = (name: string) => readFileSync(new URL(`../../fixtures/nvidia-smi/${name}`, import.meta.url), 'utf8')
const surveyOf = async (xml: string): Promise<DeviceSurvey> => cudaDevices(await parseGpuLog(xml, new Map()), 'h')
const two = log('two-gpus.xml')
/** The second GPU taken out. */
const one = log('two-gpus.xml').replace(/(<\/gpu>)\s*<gpu [\s\S]*<\/gpu>/, '$1')

/** A roster that sees what the test says, and what it told. */
async function watching(first: string, fails: (what: string) => boolean = () => false) {
  let seen = await surveyOf(first)
  let idle = true
  let looks = 0
  const told: string[] = []
  const tell = async (what: string) => {
    told.push(what)
    if (fails(what)) throw new Error('the database does not answer')
  }
  const roster = new DeviceRoster({
    survey: seen,
    idle: () => idle,
    appeared: ({ name, driver }) => tell(`+${name} ${driver}`),
    vanished: ({ name, driver }) => tell(`-${name} ${driver}`),
    log: quietLog,
    everyMs: 2,
    look: async () => {
      looks += 1
      return seen
    },
  })
  roster.start()
  after(() => roster.stop())
  /** Waits for two looks that began after this. */
  const looked = async () => {
    for (const until = looks + 3; looks < until; ) await sleep(1)
  }
  return {
    roster,
    told,
    looked,
    see: async (xml: string) => {
      seen = await surveyOf(xml)
      return looked()
    },
    busy: () => {
      idle = false
    },
    looks: () => looks,
  }
}

describe('the devices of a service that runs for weeks', () => {
  it('vanish and come back', async () => {
    const { roster, told, see } = await watching(two)
    await see(one)
    assert.deepEqual(told, ['-cuda:1 580.65.06'])
    assert.deepEqual(
      roster.survey.devices.map((device) => device.name),
      ['cuda:0'],
    )
    await see(two)
    assert.deepEqual(told, ['-cuda:1 580.65.06', '+cuda:1 580.65.06'])
  })

  it('go and come under a new driver, since processes of the old one cannot use it', async () => {
    const { told, see } = await watching(one)
    await see(one.replace('580.65.06', '590.10.01'))
    assert.deepEqual(told, ['-cuda:0 580.65.06', '+cuda:0 590.10.01'])
  })

  it('show their free memory as it is now, and are not disturbed by that', async () => {
    const { roster, told, see } = await watching(one)
    await see(one.replace('79922 MiB', '1000 MiB'))
    assert.deepEqual(told, [])
    assert.equal(roster.survey.devices[0]!.memoryFreeBytes, 1000 * 2 ** 20)
  })

  it('all go where the driver fails, with the reason', async () => {
    const { roster, told, see } = await watching(two)
    await see('garbage')
    assert.deepEqual(told, ['-cuda:0 580.65.06', '-cuda:1 580.65.06'])
    assert.match(roster.survey.absent[0]!.reason, /cannot be read/)
  })

  it('are given up one and all where the first cannot be, which is told again until it can', async () => {
    let failures = 2
    const { roster, told, see, looked } = await watching(two, (what) => what.startsWith('-cuda:0') && failures-- > 0)
    await see('garbage')
    await looked()
    assert.deepEqual(told, ['-cuda:0 580.65.06', '-cuda:1 580.65.06', '-cuda:0 580.65.06', '-cuda:0 580.65.06'])
    assert.deepEqual(roster.survey.devices, [])
    await looked()
    assert.equal(told.length, 4, 'once each, and no more')
  })

  it('are offered only once they are taken up, which is tried again; a device waits for its own leaving', async () => {
    let refused = 2
    let stuck = true
    const { roster, told, see, looked } = await watching(
      two,
      (what) => (what.startsWith('+cuda:0') && refused-- > 0) || (what.startsWith('-cuda:1') && stuck),
    )
    await see('garbage')
    await see(two)
    await looked()
    const names = () => roster.survey.devices.map(({ name }) => name)
    assert.deepEqual(names(), ['cuda:0'], 'the other has not been given up yet')
    assert.equal(told.filter((what) => what.startsWith('+cuda:0')).length, 3)
    assert.ok(!told.some((what) => what.startsWith('+cuda:1')))
    stuck = false
    await looked()
    assert.deepEqual(names(), ['cuda:0', 'cuda:1'])
  })

  it('are left alone while a run is timed', async () => {
    const { busy, looks, looked } = await watching(one)
    await looked()
    busy()
    await sleep(10)
    const before = looks()
    await sleep(30)
    assert.equal(looks(), before)
  })
})
