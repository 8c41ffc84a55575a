/**
 * The devices of this host as they are now: looked at when the service starts and from then on while it has nothing to
 * time. Drivers are updated, cards fall off the bus and come back; a service that runs for weeks sees that.
 */
import { isDeepStrictEqual } from 'node:util'
import type { Log } from '../../store/index.ts'
import type { Device, DeviceSurvey } from './device.ts'
import { surveyDevices } from './survey.ts'

export interface RosterOptions {
  survey: DeviceSurvey
  /** Whether nothing is timed here: asking the driver takes CPU, and a lock inside it, from a run in progress. */
  idle(): boolean
  /** A device that is there now. */
  appeared(device: Device): Promise<void>
  /** A device that is gone. */
  vanished(device: Device): Promise<void>
  log: Log
  everyMs?: number
  /** For tests. */
  look?: () => Promise<DeviceSurvey>
}

export class DeviceRoster {
  readonly #options: Required<RosterOptions>
  #survey: DeviceSurvey
  #timer: NodeJS.Timeout | undefined
  #looking: Promise<void> = Promise.resolve()
  #stopped = false

  constructor(options: RosterOptions) {
    this.#options = { everyMs: 10_000, look: surveyDevices, ...options }
    this.#survey = options.survey
  }

  /** What was seen last. */
  get survey(): DeviceSurvey {
    return this.#survey
  }

  start(): void {
    this.#timer = setTimeout(() => {
      this.#looking = this.#lookAgain().then(() => {
        if (!this.#stopped) this.start()
      })
    }, this.#options.everyMs)
    this.#timer.unref()
  }

  async stop(): Promise<void> {
    this.#stopped = true
    clearTimeout(this.#timer)
    await this.#looking
  }

  async #lookAgain(): Promise<void> {
    const { idle, look, log } = this.#options
    if (!idle()) return
    try {
      await this.#apply(await look())
    } catch (err) {
      log.warn({ err }, 'a change of devices was not taken up in full; looking again')
    }
  }

  /** A device whose name, driver or partition changed is another one to the processes that use it: it goes and comes. */
  async #apply(seen: DeviceSurvey): Promise<void> {
    const { appeared, vanished, log } = this.#options
    const before = this.#survey.devices
    const isSame = (a: Device, b: Device) => isDeepStrictEqual([a.uuid, a.name, a.driver], [b.uuid, b.name, b.driver])
    const gone = before.filter((device) => !seen.devices.some((each) => isSame(each, device)))
    const come = seen.devices.filter((device) => !before.some((each) => isSame(each, device)))
    // First, so that nobody is offered what is being taken away.
    this.#survey = { devices: seen.devices.filter((device) => !come.includes(device)), absent: seen.absent }
    for (const device of gone) {
      log.warn({ device: device.name, uuid: device.uuid, driver: device.driver }, 'a device is gone')
      await vanished(device)
    }
    for (const device of come) {
      log.info({ device: device.name, uuid: device.uuid, driver: device.driver }, 'a device is there')
      await appeared(device)
    }
    this.#survey = seen
  }
}
