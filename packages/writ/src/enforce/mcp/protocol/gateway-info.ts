/** The name and version of the gateway, for clients and servers. */
export const GATEWAY_INFO = { name: 'writ-gateway', version: '0.1.0' } as const;
