/** What the gateway says that it is, to clients and to servers. */
export const GATEWAY_INFO = { name: 'writ-gateway', version: '0.1.0' } as const;
