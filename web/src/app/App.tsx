import { useQuery } from '@tanstack/react-query'
import { lazy, Suspense, useEffect } from 'react'
import { Redirect, Route, Switch } from 'wouter'
import { suggest } from '../locales/i18n'
import { meQuery, worksAtDesk } from '../features/login/me'
import { skipped } from '../features/login/later'
import { Failed, Opening } from './Opening'
import { NotFound } from './NotFound'

const Desk = lazy(() => import('./Desk').then(file => ({ default: file.Desk })))
const Home = lazy(() => import('./Home').then(file => ({ default: file.Home })))
const SignInPage = lazy(() => import('../features/login/SignInPage').then(file => ({ default: file.SignInPage })))
const LinkPage = lazy(() => import('../features/login/LinkPage').then(file => ({ default: file.LinkPage })))
const PasswordPage = lazy(() => import('../features/login/PasswordPage').then(file => ({ default: file.PasswordPage })))
const SecondFactorPage = lazy(() =>
  import('../features/login/SecondFactorPage').then(file => ({ default: file.SecondFactorPage })),
)

export function App() {
  return (
    <Suspense fallback={<Opening />}>
      <Routes />
    </Suspense>
  )
}

function Routes() {
  return (
    <Switch>
      <Route path="/link" component={LinkPage} />
      <Route path="/signin" component={SignInPage} />
      <Route path="/password" component={PasswordPage} />
      <Route path="/second-factor" component={SecondFactorPage} />
      <Route path="/" component={Inside} />
      <Route component={NotFound} />
    </Switch>
  )
}

/** Whoever is signed in: operators get the desk, others a page that says what they can do. */
function Inside() {
  const me = useQuery(meQuery)
  const locale = me.data?.locale
  useEffect(() => {
    if (locale !== undefined) suggest(locale)
  }, [locale])
  if (me.isPending) return <Opening />
  if (me.isError) return <Failed error={me.error} onAgain={() => void me.refetch()} />
  if (me.data === null) return <Redirect to="/signin" replace />
  if (me.data.must_set_password && !skipped(me.data.id)) return <Redirect to="/password" replace />
  if (me.data.must_enrol) return <Redirect to="/second-factor" replace />
  return worksAtDesk(me.data) ? <Desk me={me.data} /> : <Home me={me.data} />
}
