// Ends with 0 if the service decides: for the health check of a container, in which nobody else listens on loopback.
const url = process.argv[2] ?? process.env.WRIT_HEALTH_URL ?? 'http://127.0.0.1:7465/readyz';
// The service is asked by its address, and its certificate is for its name. Only the answer `ready` counts.
if (url.startsWith('https:')) process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0';
process.removeAllListeners('warning');
try {
  const response = await fetch(url, { signal: AbortSignal.timeout(4_000) });
  console.log(await response.text());
  process.exitCode = response.ok ? 0 : 1;
} catch (error) {
  console.log(`${url}: ${error.cause?.message ?? error.message}`);
  process.exitCode = 1;
}
