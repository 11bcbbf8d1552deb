import { Button } from '@mantine/core'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useEffect, useState, type SubmitEvent } from 'react'
import { useTranslation } from 'react-i18next'
import { Redirect, useLocation } from 'wouter'
import { encode } from 'uqr'
import { api, body } from '../../api/client'
import { asProblem } from '../../api/problem'
import { CodeField } from './CodeField'
import { Frame } from './Frame'
import { meQuery, useSignOut } from './me'
import { SignInError } from './SignInError'

/** Administrators set a second factor up before anything else opens (T30). */
export function SecondFactorPage() {
  const { t } = useTranslation()
  const me = useQuery(meQuery)
  if (me.data === null) return <Redirect to="/signin" replace />
  if (me.data?.must_enrol === false) return <Redirect to="/" replace />
  return (
    <Frame>
      <h1>{t('login.factor.title')}</h1>
      <p className="login-lead">{t('login.factor.lead')}</p>
      <Enrolment />
    </Frame>
  )
}

function Enrolment() {
  const { t } = useTranslation()
  const signOut = useSignOut()
  const begin = useMutation({
    meta: { saysItself: true },
    mutationFn: () => body(api.POST('/api/v1/me/second-factor')),
  })
  const { mutate } = begin
  useEffect(() => mutate(), [mutate])
  return (
    <div className="login-form">
      {begin.isError && <SignInError problem={asProblem(begin.error)} />}
      {begin.data && (
        <>
          <Picture text={begin.data.uri} />
          <p className="xs mut">
            {t('login.factor.byHand')} <code className="factor-secret">{inFours(begin.data.secret)}</code>
          </p>
          <FirstCode />
        </>
      )}
      <Button variant="default" fullWidth onClick={() => signOut.mutate()}>
        {t('status.signOut')}
      </Button>
    </div>
  )
}

function FirstCode() {
  const { t } = useTranslation()
  const [, go] = useLocation()
  const client = useQueryClient()
  const [code, setCode] = useState('')
  const confirm = useMutation({
    meta: { saysItself: true },
    mutationFn: () => body(api.PUT('/api/v1/me/second-factor', { body: { code } })),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: meQuery.queryKey })
      go('/', { replace: true })
    },
  })
  const submit = (event: SubmitEvent) => {
    event.preventDefault()
    confirm.mutate()
  }
  return (
    <form className="login-form" onSubmit={submit}>
      <CodeField value={code} onChange={setCode} />
      {confirm.isError && <SignInError problem={asProblem(confirm.error)} />}
      <Button type="submit" size="lg" fullWidth loading={confirm.isPending}>
        {t('login.factor.submit')}
      </Button>
    </form>
  )
}

/** The QR code of `text`: dark on white in both schemes, as cameras want it. */
function Picture({ text }: { text: string }) {
  const { t } = useTranslation()
  const { data, size } = encode(text, { border: 4 })
  const path = data.flatMap((row, y) => row.map((dark, x) => (dark ? `M${x} ${y}h1v1h-1z` : ''))).join('')
  return (
    <svg className="factor-picture" viewBox={`0 0 ${size} ${size}`} role="img" aria-label={t('login.factor.picture')}>
      <rect width={size} height={size} fill="#fff" />
      <path d={path} fill="#000" />
    </svg>
  )
}

const inFours = (secret: string): string => secret.replace(/(.{4})(?=.)/g, '$1 ')
