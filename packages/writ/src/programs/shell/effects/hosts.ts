import type { Arg } from '../syntax/arg.js';

const URL_LIKE = /^[a-z][a-z0-9+.-]*:\/\//i;
const NAME = /^(?:[A-Za-z0-9_](?:[A-Za-z0-9_.-]*[A-Za-z0-9_.])?|\[[0-9a-fA-F:.%]+\]|[0-9a-fA-F:]*:[0-9a-fA-F:.]+)$/;

/** Returns the host of a URL, or of `user@host:port/path`; undefined if the text does not say it. */
export function hostOf(text: string): string | undefined {
  const scheme = URL_LIKE.exec(text)?.[0];
  const rest = scheme === undefined ? text : text.slice(scheme.length);
  // Programs disagree about a backslash, and about several signs.
  const authority = /^[^/?#\\]*/.exec(rest)?.[0] ?? '';
  if (
    /[\\\s{}[\]]/.test(rest.slice(0, authority.length + 1)) &&
    !/^(?:[^@]*@)?\[[0-9a-fA-F:.%]+\](?::\d+)?$/.test(authority)
  )
    return undefined;
  const parts = authority.split('@');
  if (parts.length > 2) return undefined;
  const host = parts.at(-1) ?? '';
  const bare = host.startsWith('[') ? /^\[[^\]]*\]/.exec(host)?.[0] : host.replace(/:\d*$/, '');
  return bare !== undefined && NAME.test(bare) ? bare.toLowerCase() : undefined;
}

/** Returns the host of a URL of which the end may be unknown. */
export function hostOfUrl({ value, lead, many }: Arg): string | undefined {
  if (value !== undefined) return hostOf(value);
  const scheme = URL_LIKE.exec(lead)?.[0];
  // The authority must have ended before the unknown part.
  if (many || scheme === undefined || !/[/?#]/.test(lead.slice(scheme.length))) return undefined;
  return hostOf(lead);
}

export const isUrl = ({ lead }: Arg): boolean => URL_LIKE.test(lead);

/** Returns the host of `host:path`, as scp, rsync and git read it; undefined for a path. */
export function remoteOf({ lead }: Arg): string | undefined {
  const before = /^(\[[^\]]*\]|[^/:]*):/.exec(lead)?.[1];
  return before === undefined || before === '' ? undefined : hostOf(before);
}
