/** Token types of the exchange (RFC 8693, section 3; draft-ietf-oauth-transaction-tokens). */
export const TOKEN_TYPES = {
  accessToken: 'urn:ietf:params:oauth:token-type:access_token',
  jwt: 'urn:ietf:params:oauth:token-type:jwt',
  idJag: 'urn:ietf:params:oauth:token-type:id-jag',
  transactionToken: 'urn:ietf:params:oauth:token-type:txn_token',
} as const;

/** The grant type of the exchange (RFC 8693). */
export const EXCHANGE_GRANT = 'urn:ietf:params:oauth:grant-type:token-exchange';
