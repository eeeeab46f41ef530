import type { StartFlags } from '../start.js';
import { CHECK_PORT, GATEWAY_PORT, HTTP_PORT, portIn, SERVICE_PORT, verb } from '../verb.js';

export default verb('start', 'Start here', 'serve a bundle: the decision point and the gateway')
  .needs('--bundle <dir>', 'folder of the bundle')
  .readsEnvironment()
  .option('--data <dir>', 'folder for the store and the keys', './data')
  .option('--store <url>', 'URL of a PostgreSQL database instead of SQLite; or WRIT_STORE in the environment')
  .option(
    '--store-key <source>',
    'key of the secrets in the store: file:PATH, env:NAME, command:PROGRAM; or WRIT_STORE_KEY',
  )
  .option('--new-store-key', 'wrap the secrets in the store with a new key from now on')
  .option('--follow', 'follow the service that keeps the ledger on that database; decide only what needs no ledger')
  .option('--port <n>', 'port of the service; 0 for any', portIn, SERVICE_PORT)
  .option('--gateway-port <n>', 'port of the gateway; 0 for any', portIn, GATEWAY_PORT)
  .option('--http-port <n>', 'port of the proxy for HTTP; 0 for any', portIn, HTTP_PORT)
  .option('--check-port <n>', 'port at which other proxies ask about requests; 0 for any', portIn, CHECK_PORT)
  .option('--host <address>', 'address that the service listens on (127.0.0.1)')
  .option('--gateway-host <address>', 'address that the gateway listens on (127.0.0.1)')
  .option('--http-host <address>', 'address that the proxy for HTTP and the check endpoint listen on (127.0.0.1)')
  .option('--public-url <url>', 'URL by which callers reach the service, behind a proxy or under a name')
  .option('--allow-host <name...>', 'more names under which callers reach service and gateway, beside their addresses')
  .option('--tls-cert <file>', 'certificate of the service, PEM')
  .option('--tls-key <file>', 'private key of the certificate, PEM')
  .option('--tls-client-ca <file>', 'authority of client certificates, for callers that use mutual TLS')
  .option(
    '--gateway-tls-cert <file>',
    'certificate of the gateway, PEM; with --gateway-host by default that of the service',
  )
  .option('--gateway-tls-key <file>', 'private key of that certificate, PEM')
  .option('--http-tls-cert <file>', 'certificate of the proxy for HTTP and the check endpoint, PEM')
  .option('--http-tls-key <file>', 'private key of that certificate, PEM')
  .option('--grpc-socket <file>', 'file of the socket for Envoy; its folder says who may connect')
  .option('--grpc-port <n>', 'port for Envoy, with mutual TLS; 0 for any', portIn)
  .option('--grpc-host <address>', 'address that the port for Envoy is on (127.0.0.1)')
  .option('--grpc-tls-cert <file>', 'certificate of the port for Envoy, PEM')
  .option('--grpc-tls-key <file>', 'private key of that certificate, PEM')
  .option('--grpc-client-ca <file>', 'authority of the certificates of Envoys, PEM')
  .option('--grpc-client <name...>', 'names of the Envoys that may ask, as URI:spiffe://example.org/envoy')
  .option('--grpc-plain', 'a port on loopback without TLS: every process of this machine may ask')
  .option('--http-tls-client-ca <file>', 'authority of client certificates, for callers of the proxy for HTTP')
  .option('--log-level <level>', 'fatal, error, warn, info, debug', 'info')
  .option('--log-origin <name>', 'name of the log of records, as audit.example.com/writ; it cannot be changed later')
  .option('--new-log-key', 'sign the log with a new key from now on, because the old one is lost')
  .option('--accept-state <reason>', 'start although the store is not as it was left; the reason is recorded')
  .option('--expect <file>', 'refuse a log that does not continue this checkpoint, kept outside of the data folder')
  .runs(async (flags: StartFlags) => (await import('../start.js')).start(flags));
