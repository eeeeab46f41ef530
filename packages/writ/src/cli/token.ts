import { readFileSync } from 'node:fs';
import {
  compactVerify,
  createRemoteJWKSet,
  decodeJwt,
  decodeProtectedHeader,
  errors,
  importJWK,
  type JWK,
  jwtVerify,
} from 'jose';
import pc from 'picocolors';
import { sha256 } from '../provenance/digest.js';
import { LINK_SEPARATOR } from '../provenance/links.js';
import { TOKEN_TYPE } from '../provenance/transaction-token.js';
import { UsageError } from './errors.js';
import { EXIT, type ExitCode } from './exit.js';
import { registeredKeys } from './key.js';
import { print, printJson } from './output.js';

export interface InspectFlags {
  readonly service: string;
  /** File with the key of an administrator, to read the keys of links and verify their signatures. */
  readonly keyFile?: string;
  readonly json?: boolean;
}

const ASSURANCE = ['nobody vouches', 'asserted', 'authenticated', 'bound', 'chained'];

interface Member {
  readonly sub: string;
  readonly assurance: number;
  /** Whether it was handed the task by a signature. */
  readonly byLink?: boolean;
}

interface Part {
  readonly header: Readonly<Record<string, unknown>>;
  readonly claims: Readonly<Record<string, unknown>>;
}

/**
 * `writ task token`: shows the path of a transaction token as a tree, with its links, and verifies it with the published keys of
 * the service. Only the service decides whether it may be used, because that needs a proof.
 */
export async function inspectToken(token: string, { service, keyFile, json }: InspectFlags): Promise<ExitCode> {
  const text = (token === '-' ? readFileSync(0, 'utf8') : token).trim();
  const texts = text.split(LINK_SEPARATOR);
  let parts: Part[];
  try {
    parts = texts.map((part) => ({ header: { ...decodeProtectedHeader(part) }, claims: decodeJwt(part) }));
  } catch {
    throw new UsageError('this is not a token', 'a token is three parts of base64url with dots between them');
  }
  const [root, ...links] = parts as [Part, ...Part[]];
  const keys = keyFile === undefined ? undefined : await registeredKeys({ service, keyFile });
  const why = (await problemWith(texts[0] as string, service)) ?? (await problemOfLinks(texts, parts, keys));
  const isWhole = links.length === 0 || keys !== undefined;
  if (json === true) printJson({ verified: why === undefined && isWhole, why, ...root, links });
  else {
    print(treeOf(root.claims, links));
    const { iss } = root.claims;
    const signed = `signed by ${String(iss)} with key ${String(root.header.kid)}`;
    if (why !== undefined) print(`${pc.red('NOT verified')}  ${why}`);
    else if (isWhole) print(`${pc.green('verified')}  ${signed}`);
    else
      print(`${pc.yellow('partly verified')}  ${signed}; the links hang together, and --key-file says who signed them`);
  }
  return why === undefined && isWhole ? EXIT.ok : EXIT.failed;
}

/** Returns the first fault of the links: each must extend the one before it and, if the keys are known, be signed by its actor. */
async function problemOfLinks(
  texts: readonly string[],
  parts: readonly Part[],
  keys: Awaited<ReturnType<typeof registeredKeys>> | undefined,
): Promise<string | undefined> {
  for (let i = 1; i < parts.length; i += 1) {
    const [link, text, before] = [parts[i] as Part, texts[i] as string, texts[i - 1] as string];
    const hash = sha256(before.slice(0, before.lastIndexOf('.')));
    if (link.claims.par_hash !== hash) return `link ${i} hangs on another token than the one before it`;
    const bound = (parts[i - 1]?.claims.cnf as { jkt?: unknown } | undefined)?.jkt;
    if (link.header.kid !== bound) return `link ${i} is not signed with the key that its actor was given the task with`;
    if (keys === undefined) continue;
    const key = keys.find(({ thumbprint }) => thumbprint === link.header.kid);
    if (key === undefined) return `link ${i} is signed with a key that is not registered`;
    const { identity } = key;
    if (identity !== actorOf(parts[i - 1] as Part)) return `link ${i} is signed with a key of ${identity}`;
    const algorithm = key.jwk.kty === 'EC' ? 'ES256' : 'Ed25519';
    const isRight = await compactVerify(text, await importJWK({ ...key.jwk } as JWK, algorithm)).then(
      () => true,
      () => false,
    );
    if (!isRight) return `the signature of link ${i} is not right`;
  }
  return undefined;
}

/** Returns the actor of this token or link. */
function actorOf({ claims }: Part): string {
  return (claims.act as { sub?: string } | undefined)?.sub ?? String(claims.sub);
}

async function problemWith(token: string, service: string): Promise<string | undefined> {
  const keys = createRemoteJWKSet(new URL('/.well-known/jwks.json', service), { timeoutDuration: 3_000 });
  try {
    await jwtVerify(token, keys, { typ: TOKEN_TYPE, algorithms: ['ES256', 'Ed25519'] });
    return undefined;
  } catch (error) {
    if (error instanceof errors.JWKSNoMatchingKey) return `it is signed with no key of ${service}`;
    if (error instanceof errors.JOSEError && error.code !== 'ERR_JOSE_GENERIC') return error.message;
    return `the keys of ${service} cannot be had; is \`writ start\` running?`;
  }
}

function treeOf(claims: Part['claims'], links: readonly Part[]): string {
  const { txn, aud } = claims;
  const { scope, exp } = links[links.length - 1]?.claims ?? claims;
  const left = typeof exp === 'number' ? Math.round(exp - Date.now() / 1_000) : undefined;
  const until = left === undefined ? 'never expires' : left > 0 ? `expires in ${left} s` : `expired ${-left} s ago`;
  const path: Member[] = [
    ...(((claims.agentic_ctx as { path?: Member[] } | undefined)?.path ?? []) as Member[]),
    ...links.map((link) => ({ sub: actorOf(link), assurance: 3, byLink: true })),
  ];
  const lines = path.map(({ sub, assurance, byLink }, i) => {
    const branch = i === 0 ? '' : `${'   '.repeat(i - 1)}└─ `;
    const role = i === 0 ? 'originator' : i === path.length - 1 ? 'acts now' : 'handed it on';
    return `  ${branch}${pc.bold(sub)}  ${pc.dim(`${role}; ${ASSURANCE[assurance] ?? 'unknown'} (${assurance})${byLink === true ? ', by a link' : ''}`)}`;
  });
  return [`transaction ${pc.bold(String(txn))} for ${String(scope)}, in ${String(aud)}, ${until}`, ...lines].join('\n');
}
