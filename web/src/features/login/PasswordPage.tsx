import { Button, PasswordInput } from '@mantine/core'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState, type SubmitEvent } from 'react'
import { useTranslation } from 'react-i18next'
import { Redirect, useLocation } from 'wouter'
import { api, body } from '../../api/client'
import { asProblem } from '../../api/problem'
import { IconLock } from '../../shared/icons'
import { Frame } from './Frame'
import { skip } from './later'
import { meQuery } from './me'
import { SignInError } from './SignInError'

/** After a one-time link: a password for the next time. */
export function PasswordPage() {
  const { t } = useTranslation()
  const me = useQuery(meQuery)
  if (me.data === null) return <Redirect to="/signin" replace />
  if (me.data?.must_set_password === false) return <Redirect to="/" replace />
  return (
    <Frame>
      <h1>{t('login.password2.title')}</h1>
      <p className="login-lead">{t('login.password2.lead')}</p>
      <PasswordForm login={me.data?.login ?? ''} user={me.data?.id ?? ''} />
    </Frame>
  )
}

function PasswordForm({ login, user }: { login: string; user: string }) {
  const { t } = useTranslation()
  const [, go] = useLocation()
  const client = useQueryClient()
  const [password, setPassword] = useState('')
  const [repeat, setRepeat] = useState('')
  const [differs, setDiffers] = useState(false)
  const save = useMutation({
    meta: { saysItself: true },
    mutationFn: () => body(api.POST('/api/v1/me/password', { body: { password } })),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: meQuery.queryKey })
      go('/', { replace: true })
    },
  })
  const submit = (event: SubmitEvent) => {
    event.preventDefault()
    setDiffers(password !== repeat)
    if (password === repeat) save.mutate()
  }
  const later = () => {
    skip(user)
    go('/', { replace: true })
  }
  return (
    <form className="login-form" onSubmit={submit}>
      <input
        className="unseen"
        type="text"
        autoComplete="username"
        value={login}
        readOnly
        tabIndex={-1}
        aria-hidden="true"
      />
      <PasswordInput
        label={t('login.password2.new')}
        description={t('login.password2.rule')}
        autoComplete="new-password"
        leftSection={<IconLock size={16} stroke={1.75} />}
        visibilityToggleButtonProps={{ 'aria-label': t('login.show'), tabIndex: 0 }}
        value={password}
        onChange={event => setPassword(event.currentTarget.value)}
        autoFocus
        required
        withAsterisk={false}
      />
      <PasswordInput
        label={t('login.password2.repeat')}
        autoComplete="new-password"
        leftSection={<IconLock size={16} stroke={1.75} />}
        visibilityToggleButtonProps={{ 'aria-label': t('login.show'), tabIndex: 0 }}
        value={repeat}
        error={differs ? t('login.password2.differs') : undefined}
        onChange={event => setRepeat(event.currentTarget.value)}
        required
        withAsterisk={false}
      />
      {save.isError && <SignInError problem={asProblem(save.error)} />}
      <Button type="submit" size="lg" fullWidth loading={save.isPending}>
        {t('login.password2.submit')}
      </Button>
      <Button variant="default" fullWidth onClick={later}>
        {t('login.password2.later')}
      </Button>
    </form>
  )
}
