import type { AuditLine, DeliveryFilter, Store, Webhook, WebhookDelivery } from '../../../store/index.ts'
import { RefusedTarget, type Targets } from '../../access/targets.ts'
import { ApiError } from '../../errors.ts'
import type { Listed } from '../../schemas.ts'
import type { DeliveryAnswer, DeliveryFilterQuery, DeliveryQuery, MadeWebhook, NewWebhook, WebhookAnswer, WebhookChange } from './schema.ts'
import { makeSecret } from './sign.ts'

/** Longest wait for a resolver while a webhook is registered, ms; what its name leads to is checked at each delivery anyway. */
const resolveMs = 2000

/** Registers webhooks, and shows what became of their deliveries. */
export class WebhookService {
  readonly #store: Pick<Store, 'webhooks' | 'deliveries'>
  readonly #targets: Targets

  /** @param targets where webhooks may go. */
  constructor(store: Pick<Store, 'webhooks' | 'deliveries'>, targets: Targets) {
    this.#store = store
    this.#targets = targets
  }

  /** Registers a webhook. Its secret is in the answer, and in none after it. @throws ApiError WEBHOOK_URL_REFUSED; StoreError TOO_MANY_WEBHOOKS, INVALID_TEXT */
  async create({ url, events, device = [], label = [], description = '' }: NewWebhook, line: AuditLine): Promise<MadeWebhook> {
    const secret = makeSecret()
    const made = await this.#store.webhooks.insert(
      {
        ...{ url: await this.#readUrl(url), events, devices: device, labels: label, secret },
        description: description || null,
        createdBy: line.keyPrefix,
      },
      line,
    )
    return { ...present(made), secret }
  }

  /** All of them, oldest first. */
  async list(): Promise<WebhookAnswer[]> {
    return (await this.#store.webhooks.list()).map(present)
  }

  /** @throws ApiError WEBHOOK_NOT_FOUND */
  async get(id: string): Promise<WebhookAnswer> {
    return present((await this.#store.webhooks.get(id)) ?? notFound(id))
  }

  /** Changes what is given. @throws ApiError WEBHOOK_NOT_FOUND, WEBHOOK_URL_REFUSED; StoreError INVALID_TEXT */
  async update(id: string, { url, device, label, description, ...change }: WebhookChange, line: AuditLine): Promise<WebhookAnswer> {
    const changed = await this.#store.webhooks.update(
      id,
      {
        ...change,
        ...(url === undefined ? {} : { url: await this.#readUrl(url) }),
        ...(device === undefined ? {} : { devices: device }),
        ...(label === undefined ? {} : { labels: label }),
        ...(description === undefined ? {} : { description: description || null }),
      },
      line,
    )
    return present(changed ?? notFound(id))
  }

  /** Deletes a webhook, its deliveries with it. @throws ApiError WEBHOOK_NOT_FOUND */
  async delete(id: string, line: AuditLine): Promise<void> {
    if (!(await this.#store.webhooks.delete(id, line))) notFound(id)
  }

  /** Gives a webhook another secret; the one before signs as well for a day. @throws ApiError WEBHOOK_NOT_FOUND */
  async rotateSecret(id: string, line: AuditLine): Promise<MadeWebhook> {
    const secret = makeSecret()
    return { ...present((await this.#store.webhooks.setSecret(id, secret, line)) ?? notFound(id)), secret }
  }

  /** Sends a test. @throws ApiError WEBHOOK_NOT_FOUND, WEBHOOK_DISABLED */
  async test(id: string, line: AuditLine): Promise<DeliveryAnswer> {
    requireEnabled((await this.#store.webhooks.get(id)) ?? notFound(id))
    return presentDelivery(await this.#store.deliveries.test(id, line))
  }

  /** Makes a delivery due again, whatever became of it. @throws ApiError DELIVERY_NOT_FOUND, WEBHOOK_DISABLED */
  async redeliver(id: string, line: AuditLine): Promise<DeliveryAnswer> {
    const delivery = (await this.#store.deliveries.get(id)) ?? noDelivery(id)
    requireEnabled((await this.#store.webhooks.get(delivery.webhookId)) ?? noDelivery(id))
    return presentDelivery((await this.#store.deliveries.redeliver(id, line)) ?? noDelivery(id))
  }

  /** @throws ApiError DELIVERY_NOT_FOUND */
  async delivery(id: string): Promise<DeliveryAnswer> {
    return presentDelivery((await this.#store.deliveries.get(id)) ?? noDelivery(id))
  }

  /** A page of deliveries, newest first. @throws StoreError INVALID_CURSOR */
  async deliveries({ total, limit = 50, after, ...filter }: DeliveryQuery): Promise<Listed<DeliveryAnswer>> {
    const { deliveries } = this.#store
    const { items, ...page } = await deliveries.list({ limit, ...(after === undefined ? {} : { after }), ...(filter as DeliveryFilter) })
    return { items: items.map(presentDelivery), ...page, ...(total ? { total: await this.countDeliveries(filter) } : {}) }
  }

  /** How many fit. */
  async countDeliveries(filter: DeliveryFilterQuery): Promise<number> {
    return this.#store.deliveries.count(filter as DeliveryFilter)
  }

  /** @returns the URL in the form in which it is called. */
  async #readUrl(text: string): Promise<string> {
    try {
      const url = this.#targets.read(text)
      const slow = AbortSignal.timeout(resolveMs)
      await Promise.race([this.#targets.requireNow(url), new Promise<void>((resolve) => slow.addEventListener('abort', () => resolve()))])
      return url.href
    } catch (error) {
      if (!(error instanceof RefusedTarget)) throw error
      throw new ApiError('WEBHOOK_URL_REFUSED', `the url is not taken: ${error.message}`, [{ path: '/url', message: error.message }])
    }
  }
}

const notFound = (id: string): never => {
  throw new ApiError('WEBHOOK_NOT_FOUND', `no webhook ${id.slice(0, 60)}`)
}
const noDelivery = (id: string): never => {
  throw new ApiError('DELIVERY_NOT_FOUND', `no delivery ${id.slice(0, 60)}`)
}

function requireEnabled({ enabled, disabledReason }: Webhook): void {
  if (!enabled) throw new ApiError('WEBHOOK_DISABLED', `the webhook is disabled (${disabledReason ?? 'by an admin'}): enable it first`)
}

const time = (date: Date | null): string | null => date?.toISOString() ?? null

const present = ({ devices, labels, failingSince, createdAt, events, pausedUntil: _, description, ...rest }: Webhook): WebhookAnswer => ({
  ...rest,
  description: description ?? '',
  events: events as WebhookAnswer['events'],
  device: devices,
  label: labels,
  failingSince: time(failingSince),
  createdAt: createdAt.toISOString(),
})

const presentDelivery = (delivery: WebhookDelivery): DeliveryAnswer => {
  const { id, webhookId, event, runId, seq, status, attempts, createdAt, lastAttemptAt, nextAttemptAt, finishedAt } = delivery
  const { responseStatus, durationMs, error } = delivery
  return {
    ...{ id, webhookId, event, runId, seq, status, attempts, responseStatus, durationMs, error },
    createdAt: createdAt.toISOString(),
    lastAttemptAt: time(lastAttemptAt),
    nextAttemptAt: status === 'pending' ? nextAttemptAt.toISOString() : null,
    finishedAt: time(finishedAt),
  }
}
