import { lazy, Suspense } from 'react'
import { Route, Switch } from 'wouter'
import { useKeyNeeded } from './api/session.ts'
import { Home } from './home/home.tsx'
import { Broken } from './shell/broken.tsx'
import { Shell } from './shell/shell.tsx'
import { SignIn } from './shell/sign-in.tsx'
import { Loading } from './shell/states.tsx'

/** The home comes at once; every other page is a file of its own, loaded when it is opened. */
const Architectures = lazy(() => import('./architectures/architectures.tsx').then((page) => ({ default: page.Architectures })))
const Runs = lazy(() => import('./runs/runs.tsx').then((page) => ({ default: page.Runs })))
const Run = lazy(() => import('./run/run.tsx').then((page) => ({ default: page.RunPage })))
const Compare = lazy(() => import('./run/compare.tsx').then((page) => ({ default: page.Compare })))
const Networks = lazy(() => import('./networks/networks.tsx').then((page) => ({ default: page.Networks })))
const History = lazy(() => import('./history/history.tsx').then((page) => ({ default: page.History })))
const Sweep = lazy(() => import('./run/sweep.tsx').then((page) => ({ default: page.SweepPage })))
const Explore = lazy(() => import('./explore/explore.tsx').then((page) => ({ default: page.Explore })))
const Devices = lazy(() => import('./devices/devices.tsx').then((page) => ({ default: page.Devices })))
const Keys = lazy(() => import('./keys/keys.tsx').then((page) => ({ default: page.Keys })))
const Audit = lazy(() => import('./audit/audit.tsx').then((page) => ({ default: page.Audit })))
const Calls = lazy(() => import('./calls/calls.tsx').then((page) => ({ default: page.Calls })))
const Architecture = lazy(() => import('./architecture/architecture.tsx').then((page) => ({ default: page.ArchitecturePage })))

/** src/api/features/pages/routes.ts answers the same addresses with this program. */
export function App() {
  if (useKeyNeeded()) return <SignIn />
  return (
    <Shell>
      <Broken>
        <Suspense fallback={<Loading />}>
          <Switch>
            <Route path="/" component={Home} />
            <Route path="/architectures" component={Architectures} />
            <Route path="/architectures/:id">{({ id }) => <Architecture key={id} id={id} />}</Route>
            <Route path="/explore" component={Explore} />
            <Route path="/runs" component={Runs} />
            <Route path="/runs/:id">{({ id }) => <Run key={id} id={id} />}</Route>
            <Route path="/runs/:id/history">{({ id }) => <History key={id} id={id} />}</Route>
            <Route path="/compare/architectures" component={Networks} />
            <Route path="/compare" component={Compare} />
            <Route path="/sweeps/:id">{({ id }) => <Sweep key={id} id={id} />}</Route>
            <Route path="/devices" component={Devices} />
            <Route path="/keys" component={Keys} />
            <Route path="/audit" component={Audit} />
            <Route path="/calls" component={Calls} />
            <Route>
              <h1>There is no such page</h1>
            </Route>
          </Switch>
        </Suspense>
      </Broken>
    </Shell>
  )
}
