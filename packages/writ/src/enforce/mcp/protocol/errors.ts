/** JSON-RPC error codes of the COAZ-MCP binding, section "Errors". */
export const ERROR = { denied: -32_001, mapping: -32_602, decisionPoint: -32_603 } as const;

/** MCP 2026-07-28, "Error Codes". */
export const HEADER_MISMATCH = -32_020;
export const MISSING_CAPABILITY = -32_021;
