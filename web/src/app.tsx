import { lazy, Suspense } from 'react'
import { Route, Switch } from 'wouter'
import { Home } from './home/home.tsx'
import { Broken } from './shell/broken.tsx'
import { Shell } from './shell/shell.tsx'
import { Loading } from './shell/states.tsx'

/** The home comes at once; every other page is a file of its own, loaded when it is opened. */
const Architectures = lazy(() => import('./architectures/architectures.tsx').then((page) => ({ default: page.Architectures })))
const Architecture = lazy(() => import('./architecture/architecture.tsx').then((page) => ({ default: page.ArchitecturePage })))

/** src/api/features/pages/routes.ts answers the same addresses with this program. */
export function App() {
  return (
    <Shell>
      <Broken>
        <Suspense fallback={<Loading />}>
          <Switch>
            <Route path="/" component={Home} />
            <Route path="/architectures" component={Architectures} />
            <Route path="/architectures/:id">{({ id }) => <Architecture key={id} id={id} />}</Route>
            <Route>
              <h1>There is no such page</h1>
            </Route>
          </Switch>
        </Suspense>
      </Broken>
    </Shell>
  )
}
