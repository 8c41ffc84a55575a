/**
 * The current devices of this host, checked when the service starts and then whenever it is not timing a run. Drivers are
 * updated and cards fall off the bus and come back while a service runs for weeks.
 */
import { isDeepStrictEqual } from 'node:util'
import type { Log } from '../../store/index.ts'
import type { Device, DeviceSurvey } from './device.ts'
import { surveyDevices } from './survey.ts'

export interface RosterOptions {
  survey: DeviceSurvey
  /** Whether nothing is being timed: asking the driver would take CPU time, and a lock inside it, from a run in progress. */
  idle(): boolean
  /** Called for a new device. If it rejects, the device is not offered, and it is called again at the next check. */
  appeared(device: Device): Promise<void>
  /** Called for a device that is gone. If it rejects, it is called again at the next check. */
  vanished(device: Device): Promise<void>
  log: Log
  everyMs?: number
  /** For tests. */
  look?: () => Promise<DeviceSurvey>
}

export class DeviceRoster {
  readonly #options: Required<RosterOptions>
  #survey: DeviceSurvey
  /** Devices that are gone but not yet released by their users. */
  readonly #leaving = new Set<Device>()
  #timer: NodeJS.Timeout | undefined
  #looking: Promise<void> = Promise.resolve()
  #stopped = false

  constructor(options: RosterOptions) {
    this.#options = { everyMs: 10_000, look: surveyDevices, ...options }
    this.#survey = options.survey
  }

  /** The devices found at the last check. */
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
      log.warn({ err }, 'the devices of this host could not be checked; trying again')
    }
  }

  /**
   * A device whose name, driver or partition changed is a different device for the processes that use it: it is removed and
   * added. A failure with one device does not affect the others.
   */
  async #apply(seen: DeviceSurvey): Promise<void> {
    const { appeared, vanished, log } = this.#options
    const before = this.#survey.devices
    const isSame = (a: Device, b: Device) => isDeepStrictEqual([a.uuid, a.name, a.driver], [b.uuid, b.name, b.driver])
    const facts = ({ name, uuid, driver }: Device) => ({ device: name, uuid, driver })
    const come = seen.devices.filter((device) => !before.some((each) => isSame(each, device)))
    for (const device of before) {
      if (seen.devices.some((each) => isSame(each, device))) continue
      log.warn(facts(device), 'a device is gone')
      this.#leaving.add(device)
    }
    // First, so that a device being removed is not offered.
    this.#survey = { devices: seen.devices.filter((device) => !come.includes(device)), absent: seen.absent }
    for (const device of this.#leaving) {
      try {
        await vanished(device)
        this.#leaving.delete(device)
      } catch (err) {
        log.warn({ err, ...facts(device) }, 'a device that is gone could not be released; trying again')
      }
    }
    const refused = new Set<Device>()
    for (const device of come) {
      try {
        if ([...this.#leaving].some(({ uuid }) => uuid === device.uuid)) throw new Error('it has not been released since it went away')
        await appeared(device)
        log.info(facts(device), 'a device was found')
      } catch (err) {
        refused.add(device)
        log.warn({ err, ...facts(device) }, 'a device that was found could not be added; trying again')
      }
    }
    this.#survey = { devices: seen.devices.filter((device) => !refused.has(device)), absent: seen.absent }
  }
}
