/** A data URL: the rest of it can be anything. */
export const DATA_URL = /data:(?:[a-z]+\/[^\s,]{1,100}|[^\s,]{0,100};base64),/i;
