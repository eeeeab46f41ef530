const WAIT_MS = 3_000;

/** Returns why there is no gateway at a URL; undefined if one asks for a credential there. */
export async function gatewayProblem(gateway: string): Promise<string | undefined> {
  let url: URL;
  try {
    url = new URL(gateway);
  } catch {
    return `${gateway} is no URL of a gateway, as http://127.0.0.1:7466/mcp`;
  }
  try {
    const { status } = await fetch(url, {
      headers: { Accept: 'application/json, text/event-stream' },
      redirect: 'error',
      signal: AbortSignal.timeout(WAIT_MS),
    });
    return status === 401 ? undefined : `${gateway} is no gateway: it answers ${status} without a credential`;
  } catch {
    return `no gateway answers at ${gateway}`;
  }
}
