import { Button, Loader } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useEffect, useRef, useState, type SubmitEvent } from 'react'
import { useTranslation } from 'react-i18next'
import { useLocation } from 'wouter'
import { api, body } from '../../api/client'
import { asProblem } from '../../api/problem'
import { CodeField } from './CodeField'
import { Frame } from './Frame'
import { asksForCode, meQuery } from './me'
import { SignInError } from './SignInError'

/** `/link#token`: the token stays in the fragment, which no server and no log ever sees, and is taken out at once. */
export function LinkPage() {
  const { t } = useTranslation()
  const [, go] = useLocation()
  const client = useQueryClient()
  const token = useRef(globalThis.location.hash.slice(1))
  const asked = useRef(false)
  const [code, setCode] = useState('')
  const redeem = useMutation({
    meta: { saysItself: true },
    mutationFn: (code: string | null) =>
      body(api.POST('/api/v1/session/link', { body: { token: token.current, code } })),
    onSuccess: ({ user }) => {
      client.clear()
      client.setQueryData(meQuery.queryKey, user)
      go('/', { replace: true })
    },
  })
  const { mutate } = redeem
  useEffect(() => {
    if (globalThis.location.hash !== '') history.replaceState(null, '', '/link')
    if (token.current !== '' && !asked.current) mutate(null)
    asked.current = true
  }, [mutate])
  const submit = (event: SubmitEvent) => {
    event.preventDefault()
    redeem.mutate(code)
  }
  const wantsCode = code !== '' || (redeem.isError && asksForCode(redeem.error))
  const problem = redeem.isError ? asProblem(redeem.error) : null
  return (
    <Frame>
      <h1>{t('login.link.title')}</h1>
      <p className="login-lead">{t('login.link.lead')}</p>
      {redeem.isPending && <Loader size={24} />}
      {wantsCode && (
        <form className="login-form" onSubmit={submit}>
          <CodeField value={code} onChange={setCode} />
          <Button type="submit" size="lg" fullWidth loading={redeem.isPending}>
            {t('login.submit')}
          </Button>
        </form>
      )}
      {problem !== null && problem.code !== 'code_needed' && (
        <div className="login-form">
          <SignInError problem={problem} />
          <Button variant="default" onClick={() => go('/signin')}>
            {t('login.link.again')}
          </Button>
        </div>
      )}
    </Frame>
  )
}
