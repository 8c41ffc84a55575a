import { Button, Checkbox, Group, Modal, NumberInput, Select, Stack } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { useMutation } from '@tanstack/react-query'
import { useState } from 'react'
import { useLocation } from 'wouter'
import { type CallError, send } from '../api/client.ts'
import { queryClient, useDevices } from '../api/queries.ts'
import type { Device, Run, Sweep } from '../api/types.ts'
import { curlOf } from '../calls/calls-button.tsx'
import { Code } from '../calls/code.tsx'
import { Refused } from '../shell/states.tsx'

/** Queues timed inference of an architecture: one run, or one for each batch of a sweep. */
export function QueueRun({ architectureId }: { architectureId: string }) {
  const [open, { open: show, close }] = useDisclosure(false)
  return (
    <>
      <Button size="xs" onClick={show}>
        Time it
      </Button>
      <Modal opened={open} onClose={close} title="Time it" size="lg">
        <Form architectureId={architectureId} />
      </Modal>
    </>
  )
}

const sweepBatches = [1, 2, 4, 8, 16]

function Form({ architectureId }: { architectureId: string }) {
  const devices = useDevices()
  const items = devices.data?.items ?? []
  const [address, setAddress] = useState<string | null>(null)
  const device = items.find((each) => each.address === address) ?? items.find(usable) ?? items[0]
  const runtimes = [...new Set(device?.runtimes.filter((each) => each.usable).map(({ runtime }) => runtime))]
  const [runtime, setRuntime] = useState<string | null>(null)
  const chosen = runtimes.find((each) => each === runtime) ?? runtimes[0]
  const precisions = device?.runtimes.find((each) => each.usable && each.runtime === chosen)?.capabilities?.precisions ?? ['float32']
  const [precision, setPrecision] = useState('float32')
  const [batch, setBatch] = useState(1)
  const [profile, setProfile] = useState(true)
  const [sweep, setSweep] = useState(false)
  const [, navigate] = useLocation()
  const body = {
    architectureId,
    device: device?.address ?? '',
    runtime: chosen ?? '',
    ...(precision !== 'float32' && precisions.some((each) => each === precision) ? { precision } : {}),
    ...(sweep ? { batches: sweepBatches } : { batch }),
    ...(profile ? { profile } : {}),
  }
  const path = sweep ? '/v1/sweeps' : '/v1/runs'
  const queue = useMutation<Run | Sweep, CallError>({
    mutationFn: () => send(path, body),
    onSuccess: ({ id }) => {
      for (const key of ['queue', 'runs']) void queryClient.invalidateQueries({ queryKey: [key] })
      navigate(sweep ? `/sweeps/${id}` : `/runs/${id}`)
    },
  })
  if (devices.error && !devices.data) return <Refused error={devices.error} />
  return (
    <Stack gap="sm">
      <Group grow align="flex-start">
        <Select
          label="Device"
          allowDeselect={false}
          data={items.map((each) => ({ value: each.address, label: `${each.name}, ${each.model}`, disabled: !usable(each) }))}
          value={device?.address ?? null}
          onChange={setAddress}
        />
        <Select label="Runtime" allowDeselect={false} data={runtimes} value={chosen ?? null} onChange={setRuntime} />
      </Group>
      <Group grow align="flex-start">
        <NumberInput
          label="Batch"
          description={sweep ? `a sweep: ${sweepBatches.join(', ')}` : 'images in one call'}
          min={1}
          max={65536}
          disabled={sweep}
          value={batch}
          onChange={(value) => setBatch(Number(value) || 1)}
        />
        <Select
          label="Precision"
          description="of weights and activations"
          allowDeselect={false}
          data={precisions}
          value={precision}
          onChange={(value) => value && setPrecision(value)}
        />
      </Group>
      <Checkbox
        label="Time each layer as well, and what the device does at its best (a roofline)"
        checked={profile}
        onChange={(event) => setProfile(event.currentTarget.checked)}
      />
      <Checkbox
        label="A sweep over batches: latency against throughput, and where it bends"
        checked={sweep}
        onChange={(event) => setSweep(event.currentTarget.checked)}
      />
      {queue.error && <Refused error={queue.error} />}
      <Button loading={queue.isPending} disabled={!device || !chosen} onClick={() => queue.mutate()}>
        {sweep ? 'Queue the sweep' : 'Queue it'}
      </Button>
      <Code label="curl" text={curlOf({ what: '', path, method: 'POST', body })} />
    </Stack>
  )
}

const usable = (device: Device): boolean => device.runtimes.some((each) => each.usable)
