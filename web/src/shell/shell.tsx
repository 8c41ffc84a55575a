import { ActionIcon, AppShell, Burger, Button, Group, NavLink, Text, useComputedColorScheme, useMantineColorScheme } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { type ReactNode, useEffect } from 'react'
import { Link, useLocation } from 'wouter'
import { remove } from '../api/client.ts'
import { type LiveState, useLive } from '../api/live.ts'
import { queryClient, useQueue, useSession } from '../api/queries.ts'
import { keyNeeded } from '../api/session.ts'
import { CallIcon, DeviceIcon, ExploreIcon, HomeIcon, KeyIcon, LogIcon, MoonIcon, NetworkIcon, RunIcon, SunIcon } from './icons.tsx'

const places = [
  { to: '/', label: 'Home', Icon: HomeIcon },
  { to: '/architectures', label: 'Architectures', Icon: NetworkIcon },
  { to: '/explore', label: 'Explore', Icon: ExploreIcon },
  { to: '/runs', label: 'Runs', Icon: RunIcon },
  { to: '/devices', label: 'Devices', Icon: DeviceIcon },
  { to: '/keys', label: 'Keys', Icon: KeyIcon },
  { to: '/audit', label: 'Audit log', Icon: LogIcon },
  { to: '/calls', label: 'API', Icon: CallIcon },
]

const states: Record<LiveState, { color: string; text: string; title: string }> = {
  live: { color: 'var(--flops)', text: 'live', title: 'The service says what changes as it changes' },
  polling: { color: 'var(--flops)', text: 'every 2 s', title: 'These pages ask the service every two seconds' },
  lost: { color: 'var(--params)', text: 'no answer', title: 'The service does not answer; these pages go on when it does' },
}

export function Shell({ children }: { children: ReactNode }) {
  const [open, { toggle, close }] = useDisclosure(false)
  const [location] = useLocation()
  // The menu closes when the page changes.
  useEffect(close, [location])
  return (
    <AppShell
      header={{ height: 52 }}
      navbar={{ width: 196, breakpoint: 'sm', collapsed: { mobile: !open } }}
      padding={{ base: 'sm', sm: 'lg' }}
    >
      <a className="skip" href="#main">
        To the content
      </a>
      <AppShell.Header px="md">
        <Group h="100%" justify="space-between" wrap="nowrap">
          <Group gap="sm" wrap="nowrap">
            <Burger opened={open} onClick={toggle} hiddenFrom="sm" size="sm" aria-label="Menu" />
            <Link href="/" style={{ display: 'flex', alignItems: 'center', gap: 10, textDecoration: 'none', color: 'inherit' }}>
              <img src="/assets/icon.svg" width={26} height={26} alt="" />
              <Text fw={650}>Archmeter</Text>
            </Link>
          </Group>
          <Group gap="md" wrap="nowrap">
            <Connection />
            <SignOut />
            <Scheme />
          </Group>
        </Group>
      </AppShell.Header>
      <AppShell.Navbar p="xs" aria-label="Pages">
        {places.map(({ to, label, Icon }) => {
          const active = to === '/' ? location === '/' : location.startsWith(to)
          return (
            <NavLink
              key={to}
              component={Link}
              href={to}
              label={label}
              leftSection={<Icon />}
              active={active}
              aria-current={active ? 'page' : undefined}
              style={{ borderRadius: 8 }}
            />
          )
        })}
      </AppShell.Navbar>
      <AppShell.Main id="main" tabIndex={-1} style={{ background: 'var(--page)', outline: 'none' }}>
        <div style={{ maxWidth: 1360, margin: '0 auto' }}>{children}</div>
      </AppShell.Main>
    </AppShell>
  )
}

function Connection() {
  // Asked for on every page, so that every page knows whether the service answers.
  useQueue()
  const { color, text, title } = states[useLive()]
  return (
    <Group gap={6} wrap="nowrap" title={title} role="status">
      <span style={{ width: 8, height: 8, borderRadius: 8, background: color }} aria-hidden="true" />
      <Text size="xs" c="dimmed">
        {text}
      </Text>
    </Group>
  )
}

/** Only where a key was needed to get in. */
function SignOut() {
  const { data } = useSession()
  if (!data?.key) return null
  const signOut = async () => {
    await remove('/v1/session')
    queryClient.clear()
    keyNeeded()
  }
  return (
    <Button variant="subtle" color="gray" size="compact-xs" onClick={signOut} title={`Signed in as ${data.key.name} (${data.role})`}>
      Sign out
    </Button>
  )
}

function Scheme() {
  const { setColorScheme } = useMantineColorScheme()
  const dark = useComputedColorScheme('light') === 'dark'
  return (
    <ActionIcon
      variant="subtle"
      color="gray"
      aria-label={dark ? 'Light colors' : 'Dark colors'}
      onClick={() => setColorScheme(dark ? 'light' : 'dark')}
    >
      {dark ? <SunIcon /> : <MoonIcon />}
    </ActionIcon>
  )
}
