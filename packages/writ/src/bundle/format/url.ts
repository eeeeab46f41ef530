import { z } from 'zod';

/** An address of HTTP. A text that is not a URL is checked no further, because later checks read it as one. */
export const httpUrl = z
  .url({ protocol: /^https?$/, abort: true, error: 'it must be a URL of http or https, as https://shop.example' })
  .meta({ pattern: '^https?://' });

/** Returns the shape of an address that is reached over https, or over http on loopback. @param message what is said of another */
export function secureUrl(message: string): z.ZodType<string, string> {
  return httpUrl.refine((text) => isSecure(new URL(text)), { message });
}

export function isSecure({ protocol, hostname }: URL): boolean {
  return protocol === 'https:' || ['127.0.0.1', 'localhost', '[::1]'].includes(hostname);
}
