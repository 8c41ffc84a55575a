import type { AuditAction } from '../api/types.ts'

/** What somebody can ask for, in words. */
export const actions: Readonly<Record<AuditAction, string>> = {
  registerArchitecture: 'registered a network',
  rewriteArchitecture: 'rewrote a network',
  deleteArchitecture: 'deleted a network',
  createRun: 'queued a run',
  cancelRun: 'cancelled a run',
  cancelRuns: 'cancelled runs by a filter',
  setRunPriority: 'changed a priority',
  createSweep: 'queued a sweep',
  cancelSweep: 'cancelled a sweep',
  createKey: 'made a key',
  revokeKey: 'revoked a key',
  setQuotas: 'set quotas',
  setKeyWeight: 'set a weight',
  setDeviceState: 'paused or resumed a device',
  createWebhook: 'made a webhook',
  updateWebhook: 'changed a webhook',
  deleteWebhook: 'deleted a webhook',
  rotateWebhookSecret: 'changed a webhook’s secret',
  testWebhook: 'tested a webhook',
  redeliverWebhook: 'sent a delivery again',
  getBackup: 'took a backup',
}
