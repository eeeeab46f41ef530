import type { Logger } from 'pino';
import { millisecondsOf } from '../lib/duration.js';
import { environmentText } from '../lib/environment.js';
import { CREDENTIALS } from '../lib/known-credentials.js';
import { CredentialError } from '../provenance/errors.js';
import { compileIdentity } from '../provenance/identity-claims.js';
import type { StreamDeclaration } from './declared.js';
import type { SignalMapping } from './effects.js';
import { StreamError } from './errors.js';
import type { ReceivedStream } from './served.js';
import { SetVerifier } from './set.js';
import { type SignalSinks, SignalStream } from './stream.js';
import type { StreamStore } from './stream-store.js';
import { TransmitterClient, transmitterMetadata } from './transmitter-client.js';

interface StreamParts {
  readonly store: StreamStore;
  readonly sinks: SignalSinks;
  readonly clock: () => Date;
  readonly logger: Logger;
}

/**
 * Opens a stream as it is declared. A transmitter that does not answer now is asked again with its first event.
 *
 * @throws {EnvironmentError} when a variable is not in the environment; {@link IdentityMappingError} when an identity is not CEL;
 *   {@link StreamError} when the transmitter's configuration is another's
 */
export async function openStream(
  name: string,
  declared: StreamDeclaration,
  parts: StreamParts,
): Promise<ReceivedStream> {
  const { clock, store, sinks, logger } = parts;
  const { issuer, audience, algorithms, jwks, delivery, maxAge } = declared;
  const authorization = textOf(name, declared.authorization);
  const verifier = new SetVerifier(async () => {
    if (jwks !== undefined) return { issuer, audience, algorithms, jwks, critical: [] };
    // Its configuration says where its keys are, and which parts of a subject are critical.
    const metadata = await transmitterMetadata(issuer, authorization);
    const { jwks_uri: found, critical_subject_members: critical = [] } = metadata;
    if (found === undefined) throw new StreamError(`${issuer} does not say where its keys are`);
    return { issuer, audience, algorithms, jwks: found, critical };
  }, clock);
  await verifier.ready().catch((error: unknown) => {
    if (!(error instanceof StreamError) || error.code === 'stream_is_another') throw error;
    logger.warn({ stream: name, err: error }, 'a transmitter does not answer');
  });
  return {
    stream: await SignalStream.open({ name, verifier, mapping: mappingOf(declared), store, sinks, clock }),
    pushAuthorization: delivery === 'push' ? textOf(name, declared.pushAuthorization) : undefined,
    maxAge: maxAge === undefined ? undefined : millisecondsOf(maxAge),
  };
}

/** Makes the client that fetches and verifies a stream. It is not started. @throws {EnvironmentError} as {@link openStream} */
export function clientOf(
  name: string,
  declared: StreamDeclaration,
  { stream, pushAuthorization }: ReceivedStream,
  { publicUrl, logger }: { readonly publicUrl: () => string; readonly logger: Logger },
): TransmitterClient {
  return new TransmitterClient(
    {
      issuer: declared.issuer,
      authorization: textOf(name, declared.authorization),
      pollEndpoint: declared.endpoint,
      delivery: declared.delivery,
      push: { url: `${publicUrl()}/ssf/events/${name}`, authorization: pushAuthorization },
      manages: declared.manage,
      every: millisecondsOf(declared.every),
      verifyEvery: millisecondsOf(declared.verifyEvery),
    },
    stream,
    (error) => logger.warn({ stream: name, err: error }, 'signals could not be fetched'),
  );
}

function textOf(name: string, value: string | undefined): string | undefined {
  const text = value && environmentText(value, `signals.receive.${name}`);
  CREDENTIALS.add(text);
  return text;
}

/** @throws {IdentityMappingError} when an identity is not CEL */
function mappingOf({ identities, attributes }: StreamDeclaration): SignalMapping {
  for (const declared of Object.values(identities)) if (declared !== undefined) compileIdentity(declared);
  return {
    attributes,
    identityOf(part, subject) {
      const declared = identities[part];
      if (declared === undefined) return undefined;
      try {
        return compileIdentity(declared)(subject);
      } catch (error) {
        // The subject is of no identity that is known here.
        if (error instanceof CredentialError) return undefined;
        throw error;
      }
    },
  };
}
