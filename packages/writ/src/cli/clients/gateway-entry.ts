/** The gateway as the clients declare a server over HTTP: https, or http on loopback, with a header that has their key. */

const HTTP_FORMS: Readonly<Record<string, (url: string, authorization: string) => Readonly<Record<string, unknown>>>> =
  {
    'claude-code': (url, Authorization) => ({ type: 'http', url, headers: { Authorization } }),
    cursor: (url, Authorization) => ({ url, headers: { Authorization } }),
    vscode: (url, Authorization) => ({ type: 'http', url, headers: { Authorization } }),
    windsurf: (serverUrl, Authorization) => ({ serverUrl, headers: { Authorization } }),
    'gemini-cli': (httpUrl, Authorization) => ({ httpUrl, headers: { Authorization } }),
    'copilot-cli': (url, Authorization) => ({ type: 'http', url, headers: { Authorization }, tools: ['*'] }),
    cline: (url, Authorization) => ({ type: 'streamableHttp', url, headers: { Authorization } }),
    zed: (url, Authorization) => ({ url, headers: { Authorization } }),
    codex: (url, Authorization) => ({ url, http_headers: { Authorization } }),
    // It reads commands alone from its file.
    'claude-desktop': (url, AUTHORIZATION) => ({
      command: 'npx',
      args: ['-y', 'mcp-remote', url, '--allow-http', '--header', 'Authorization:${AUTHORIZATION}'],
      env: { AUTHORIZATION },
    }),
  };

/** Returns the entry of the gateway in the configuration of a client. */
export function gatewayEntry(client: string, url: string, key: string): Readonly<Record<string, unknown>> {
  const form = Object.hasOwn(HTTP_FORMS, client) ? HTTP_FORMS[client] : HTTP_FORMS['claude-code'];
  return (form as NonNullable<typeof form>)(url, `Bearer ${key}`);
}
