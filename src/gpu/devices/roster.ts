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
  /** A device that is there now. Where it rejects, the device is not offered, and it is told again at the next look. */
  appeared(device: Device): Promise<void>
  /** A device that is gone. Where it rejects, it is told again at the next look. */
  vanished(device: Device): Promise<void>
  log: Log
  everyMs?: number
  /** For tests. */
  look?: () => Promise<DeviceSurvey>
}

export class DeviceRoster {
  readonly #options: Required<RosterOptions>
  #survey: DeviceSurvey
  /** Gone, and not yet given up by those who used them. */
  readonly #leaving = new Set<Device>()
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
      log.warn({ err }, 'the devices of this host could not be looked at; looking again')
    }
  }

  /**
   * A device whose name, driver or partition changed is another one to the processes that use it: it goes and comes. One
   * that cannot be taken up or given up keeps no other from it.
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
    // First, so that nobody is offered what is being taken away.
    this.#survey = { devices: seen.devices.filter((device) => !come.includes(device)), absent: seen.absent }
    for (const device of this.#leaving) {
      try {
        await vanished(device)
        this.#leaving.delete(device)
      } catch (err) {
        log.warn({ err, ...facts(device) }, 'a device that is gone was not given up; trying again')
      }
    }
    const refused = new Set<Device>()
    for (const device of come) {
      try {
        if ([...this.#leaving].some(({ uuid }) => uuid === device.uuid)) throw new Error('it has not been given up since it was gone')
        await appeared(device)
        log.info(facts(device), 'a device is there')
      } catch (err) {
        refused.add(device)
        log.warn({ err, ...facts(device) }, 'a device that is there was not taken up; trying again')
      }
    }
    this.#survey = { devices: seen.devices.filter((device) => !refused.has(device)), absent: seen.absent }
  }
}
