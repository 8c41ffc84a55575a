/** A network namespace of one's own: packets dropped in it are dropped for nobody else. */
import { spawn, spawnSync } from 'node:child_process'
import { userInfo } from 'node:os'

const mark = 'ARCHMETER_FAULTS_NAMESPACE'
const trial = 'ip link set lo up && iptables -A INPUT -p tcp --dport 9 -j DROP'

/** Whether this process runs in a namespace of its own. */
export const inNamespace = (): boolean => process.env[mark] === '1'

/** Why there can be none, or null. */
export function noNamespace(): string | null {
  if (process.platform !== 'linux') return 'network namespaces are Linux’s'
  if (userInfo().uid !== 0) return 'making a network namespace takes root'
  const { status, stderr, error } = spawnSync('unshare', ['--net', 'sh', '-c', trial], { encoding: 'utf8' })
  return status === 0 ? null : (error?.message ?? stderr.trim().split('\n').at(-1) ?? 'unshare failed')
}

/** Runs this program once more, in a namespace that has loopback alone. @returns its exit code. */
export function againInNamespace(): Promise<number> {
  const command = [
    '--net',
    'sh',
    '-c',
    'ip link set lo up && exec "$@"',
    'sh',
    process.execPath,
    ...process.execArgv,
    ...process.argv.slice(1),
  ]
  const child = spawn('unshare', command, { stdio: 'inherit', env: { ...process.env, [mark]: '1' } })
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => child.kill(signal))
  return new Promise((resolve) => child.once('exit', (code) => resolve(code ?? 1)))
}

function iptables(what: '-A' | '-D', port: number): void {
  // Both ways: what is sent to the server, and what it sends.
  for (const side of ['--dport', '--sport']) {
    const { status, stderr } = spawnSync('iptables', ['-w', what, 'INPUT', '-p', 'tcp', side, String(port), '-j', 'DROP'], {
      encoding: 'utf8',
    })
    if (status !== 0) throw new Error(`iptables: ${stderr}`)
  }
}

/** Drops every packet to and from this port, until `pass`. */
export const drop = (port: number): void => iptables('-A', port)
export const pass = (port: number): void => iptables('-D', port)
