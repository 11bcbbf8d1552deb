import { Button, PasswordInput, TextInput } from '@mantine/core'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState, type SubmitEvent } from 'react'
import { useTranslation } from 'react-i18next'
import { Redirect } from 'wouter'
import { api, body } from '../../api/client'
import { asProblem } from '../../api/problem'
import { IconLock, IconUser } from '../../shared/icons'
import { CodeField } from './CodeField'
import { Frame } from './Frame'
import { asksForCode, meQuery } from './me'
import { SignInError } from './SignInError'

export function SignInPage() {
  const { t } = useTranslation()
  const me = useQuery(meQuery)
  if (me.data) return <Redirect to="/" replace />
  return (
    <Frame>
      <h1>{t('login.welcome')}</h1>
      <p className="login-lead">{t('login.lead')}</p>
      <SignInForm />
      <p className="login-hint">{t('login.linkHint')}</p>
    </Frame>
  )
}

function SignInForm() {
  const { t } = useTranslation()
  const client = useQueryClient()
  const [login, setLogin] = useState('')
  const [password, setPassword] = useState('')
  const [code, setCode] = useState<string | null>(null)
  const signIn = useMutation({
    meta: { saysItself: true },
    mutationFn: () => body(api.POST('/api/v1/session', { body: { login, password, code } })),
    onSuccess: ({ user }) => client.setQueryData(meQuery.queryKey, user),
    onError: error => setCode(asksForCode(error) ? '' : null),
  })
  const problem = signIn.isError ? asProblem(signIn.error) : null
  const submit = (event: SubmitEvent) => {
    event.preventDefault()
    signIn.mutate()
  }
  return (
    <form className="login-form" onSubmit={submit}>
      <TextInput
        label={t('login.name')}
        name="username"
        autoComplete="username"
        autoCapitalize="none"
        spellCheck={false}
        leftSection={<IconUser size={16} stroke={1.75} />}
        value={login}
        onChange={event => setLogin(event.currentTarget.value)}
        autoFocus
        required
        withAsterisk={false}
      />
      <PasswordInput
        label={t('login.password')}
        name="password"
        autoComplete="current-password"
        leftSection={<IconLock size={16} stroke={1.75} />}
        visibilityToggleButtonProps={{ 'aria-label': t('login.show') }}
        value={password}
        onChange={event => setPassword(event.currentTarget.value)}
        required
        withAsterisk={false}
      />
      {code !== null && <CodeField value={code} onChange={setCode} />}
      {problem !== null && problem.code !== 'code_needed' && <SignInError problem={problem} />}
      <Button
        type="submit"
        size="lg"
        fullWidth
        loading={signIn.isPending}
        rightSection={
          <kbd className="on-fill" aria-hidden="true">
            ↵
          </kbd>
        }
      >
        {t('login.submit')}
      </Button>
    </form>
  )
}
