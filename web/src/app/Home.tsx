import { Button } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useEffect } from 'react'
import { api, body } from '../api/client'
import { useSay } from '../locales/useSay'
import type { Me } from '../api/types'
import { DOORS } from '../features/login/doors'
import { useSignOut } from '../features/login/me'
import { IconCheck, IconHeadset, IconSignOut } from '../shared/icons'
import { Panel } from '../shared/Panel'
import { Notices } from '../shared/Notices'
import { LanguageSwitch, SchemeSwitch } from '../shared/Switches'
import { Campaigns } from './Campaigns'
import { System } from './System'

/** For those whose work is done by the HTTP interface: who they are, what they may do, how the service stands. */
export function Home({ me }: { me: Me }) {
  const { t } = useSay()
  useEffect(() => {
    document.title = `${t('home.title')} · ${t('product')}`
  }, [t])
  return (
    <div className="home">
      <TopBar />
      <main className="home-main">
        <h1>{me.name}</h1>
        <div className="home-panels">
          <div className="col">
            <System me={me} />
            <Roles me={me} />
          </div>
          {me.rights.includes('campaigns.read') && <Campaigns />}
          <Rights me={me} />
        </div>
      </main>
      <Notices />
    </div>
  )
}

function TopBar() {
  const { t } = useSay()
  const signOut = useSignOut()
  return (
    <header className="topbar ink">
      <span className="logo">
        <IconHeadset size={22} stroke={2} aria-hidden="true" />
        {t('product')}
      </span>
      <span className="grow" />
      <LanguageSwitch />
      <SchemeSwitch />
      <Button
        variant="default"
        size="xs"
        leftSection={<IconSignOut size={16} stroke={1.75} />}
        loading={signOut.isPending}
        onClick={() => signOut.mutate()}
      >
        {t('status.signOut')}
      </Button>
    </header>
  )
}

function Roles({ me }: { me: Me }) {
  const { t } = useSay()
  const projects = useQuery({
    queryKey: ['projects'],
    queryFn: () => body(api.GET('/api/v1/projects')),
    enabled: me.rights.includes('projects.read') && me.grants.some(grant => grant.project !== null),
  })
  const named = (id: string) => projects.data?.find(project => project.id === id)?.name ?? id
  return (
    <Panel title={t('home.roles')}>
      {me.grants.length === 0 && <p className="mut">{t('home.noRoles')}</p>}
      <ul className="plain-list">
        {me.grants.map(grant => (
          <li key={`${grant.role} ${grant.project ?? ''}`}>
            <b className="b">{t(`home.role.${grant.role}`)}</b>{' '}
            <span className="mut">
              {grant.project === null ? t('home.everywhere') : t('home.inProject', { project: named(grant.project) })}
            </span>
          </li>
        ))}
      </ul>
      {me.rights.includes('desk.work') && <p className="sm mut home-hint">{t('home.phoneHint')}</p>}
    </Panel>
  )
}

function Rights({ me }: { me: Me }) {
  const { t } = useSay()
  return (
    <Panel title={t('home.can')}>
      <p className="mut home-note">{t('home.byApi')}</p>
      <ul className="plain-list">
        {me.rights.map(right => (
          <li key={right} className="row">
            <IconCheck size={16} stroke={2} aria-hidden="true" />
            <span className="grow">{t(`right.${right}`, { defaultValue: right })}</span>
            {DOORS[right] !== undefined && <code className="door">{DOORS[right].replace(/\{\w+\}/, '{id}')}</code>}
          </li>
        ))}
      </ul>
      {me.rights.includes('metrics.read') && <a href="/api/v1/openapi.json">{t('home.api')}</a>}
    </Panel>
  )
}
