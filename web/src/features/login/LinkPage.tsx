import { Button, Loader } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useEffect, useRef } from 'react'
import { useTranslation } from 'react-i18next'
import { useLocation } from 'wouter'
import { api, body } from '../../api/client'
import { asProblem } from '../../api/problem'
import { Frame } from './Frame'
import { meQuery } from './me'
import { SignInError } from './SignInError'

/** `/link#token`: the token stays in the fragment, which no server and no log ever sees, and is taken out at once. */
export function LinkPage() {
  const { t } = useTranslation()
  const [, go] = useLocation()
  const client = useQueryClient()
  const token = useRef(globalThis.location.hash.slice(1))
  const redeem = useMutation({
    meta: { saysItself: true },
    mutationFn: (token: string) => body(api.POST('/api/v1/session/link', { body: { token } })),
    onSuccess: ({ user }) => {
      client.clear()
      client.setQueryData(meQuery.queryKey, user)
      go('/', { replace: true })
    },
  })
  const { mutate } = redeem
  useEffect(() => {
    const once = token.current
    token.current = ''
    if (globalThis.location.hash !== '') history.replaceState(null, '', '/link')
    if (once !== '') mutate(once)
  }, [mutate])
  return (
    <Frame>
      <h1>{t('login.link.title')}</h1>
      <p className="login-lead">{t('login.link.lead')}</p>
      {redeem.isPending && <Loader size={24} />}
      {redeem.isError && (
        <div className="login-form">
          <SignInError problem={asProblem(redeem.error)} />
          <Button variant="default" onClick={() => go('/signin')}>
            {t('login.link.again')}
          </Button>
        </div>
      )}
    </Frame>
  )
}
