import { Button, Group, Modal, Stack, Text } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { useMutation } from '@tanstack/react-query'
import { type CallError, remove } from '../api/client.ts'
import { queryClient } from '../api/queries.ts'
import type { Key } from '../api/types.ts'
import { Refused } from '../shell/states.tsx'

/** Revokes a key, after asking, since nothing brings it back. */
export function Revoke({ known, own }: { known: Key; own: boolean }) {
  const [open, { open: show, close }] = useDisclosure(false)
  const revoke = useMutation<void, CallError>({
    mutationFn: () => remove(`/v1/keys/${known.id}`),
    onSuccess: close,
    onSettled: () => Promise.all(['keys', 'session', 'audit'].map((key) => queryClient.invalidateQueries({ queryKey: [key] }))),
  })
  return (
    <>
      <Button size="compact-xs" variant="subtle" color="gray" onClick={show} aria-label={`Revoke ${known.name}`}>
        Revoke
      </Button>
      <Modal opened={open} onClose={close} title={`Revoke ${known.name}?`}>
        <Stack gap="sm">
          <Text size="sm">
            Whatever sends {known.prefix}… is refused from then on; its sessions and streams end. Runs that it queued stay. Nothing brings a
            revoked key back.{own && ' It is the one that you are signed in by: you will be asked for another.'}
          </Text>
          {revoke.error && <Refused error={revoke.error} />}
          <Group justify="flex-end">
            <Button variant="default" onClick={close}>
              Keep it
            </Button>
            <Button color="red.9" loading={revoke.isPending} onClick={() => revoke.mutate()}>
              Revoke it
            </Button>
          </Group>
        </Stack>
      </Modal>
    </>
  )
}
