// A stand-in for the service: the built desk under the real content policy, the doors that it uses, and the event
// stream, all told what to say by the test.
import { createServer } from 'node:http'
import { readFile } from 'node:fs/promises'
import { extname } from 'node:path'
import { WebSocketServer } from 'ws'

const dist = new URL('../dist/', import.meta.url)
const KINDS = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
  '.woff2': 'font/woff2',
}
const POLICY = [
  "default-src 'self'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "font-src 'self'",
  "object-src 'none'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
  "form-action 'self'",
].join('; ')

async function page(request, response) {
  const path = new URL(request.url, 'http://desk').pathname
  const name = extname(path) === '' ? 'index.html' : path.slice(1)
  try {
    const bytes = await readFile(new URL(name, dist))
    response.writeHead(200, { 'content-type': KINDS[extname(name)], 'content-security-policy': POLICY })
    response.end(bytes)
  } catch {
    response.writeHead(404).end()
  }
}

const read = request =>
  new Promise(done => {
    let text = ''
    request.on('data', part => (text += part)).on('end', () => done(text === '' ? undefined : JSON.parse(text)))
  })

/**
 * Starts one. `doors` answers `"METHOD /path"` with `[status, body]`, a value, or a function of the body; what nobody
 * answers is 404. `asked` lists every request. `say` sends an event to all streams, `cut` drops them.
 */
export async function stage(doors) {
  const asked = []
  const service = { doors, asked, position: 0, epoch: 'e1', closed: false }
  const answer = async (request, response) => {
    const path = request.url.replace('/api/v1', '').split('?')[0]
    const body = await read(request)
    const name = `${request.method} ${path}`
    asked.push({ name, body, headers: request.headers })
    const door = service.doors[name]
    const said = typeof door === 'function' ? await door(body) : door
    const [status, content] = Array.isArray(said)
      ? said
      : said === undefined
        ? [404, { code: 'not_found' }]
        : [200, said]
    response.writeHead(status, { 'content-type': 'application/json' })
    response.end(status === 204 ? undefined : JSON.stringify(content))
  }
  const server = createServer((request, response) => {
    const own = request.url.startsWith('/api/') || request.url === '/health'
    void (own ? answer : page)(request, response)
  })
  const sockets = new WebSocketServer({ noServer: true })
  server.on('upgrade', (request, socket, head) => {
    if (service.closed) return socket.destroy()
    sockets.handleUpgrade(request, socket, head, wire => {
      wire.on('message', () => wire.send('{"type":"pong"}'))
      wire.send(JSON.stringify({ type: 'hello', epoch: service.epoch, position: service.position, resumed: true }))
    })
  })
  await new Promise(done => server.listen(0, '127.0.0.1', done))
  const send = frame => sockets.clients.forEach(wire => wire.send(JSON.stringify(frame)))
  return Object.assign(service, {
    url: `http://127.0.0.1:${server.address().port}`,
    send,
    say: (type, data, more = {}) => {
      service.position += 1
      const event = {
        id: String(service.position),
        type: `ahize.${type}.v1`,
        time: new Date().toISOString(),
        subject: '',
        data,
      }
      send({ type: 'event', position: service.position, event: { ...event, ...more } })
    },
    cut: () => sockets.clients.forEach(wire => wire.terminate()),
    stop: () => {
      sockets.clients.forEach(wire => wire.terminate())
      server.closeAllConnections()
      server.close()
    },
  })
}
