import { DATA_URL } from '../lib/data-url.js';

const DATA_URLS = new RegExp(`${DATA_URL.source}[^\\s"'<>)\\]}]*`, 'gi');

/** Returns a value without data URLs in its texts: their content cannot be looked through. */
export function withoutDataUrls<Value>(value: Value): Value;
export function withoutDataUrls(value: unknown): unknown {
  if (typeof value === 'string') return value.replace(DATA_URLS, '[withheld]');
  if (Array.isArray(value)) return value.map((one) => withoutDataUrls(one as unknown));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [withoutDataUrls(name), withoutDataUrls(one)]));
}
