// Hocuspocus with its SQLite extension: node hocuspocus.mjs PORT DATABASE. Run within build/peers.
import { createRequire } from 'node:module'
import { join } from 'node:path'

const require = createRequire(join(process.cwd(), 'package.json'))
const { Server } = require('@hocuspocus/server')
const { SQLite } = require('@hocuspocus/extension-sqlite')

const [port, database] = process.argv.slice(2)
const server = Server.configure({
  address: '127.0.0.1',
  port: Number(port),
  quiet: true,
  extensions: [new SQLite({ database })],
})
server.listen()

process.on('SIGTERM', async () => {
  await server.destroy()
  process.exit(0)
})
