import { domainOf } from '../../lib/domain.js';
import type { Role } from './declared-tool.js';
import { isOfService } from './message-codes.js';
import { isSentByService, type ServiceCodes } from './service-codes.js';

/** The codes that a call can carry: of its own task, and of everything that its lineage has read. */
export interface KnownCodes {
  readonly ofTask: ServiceCodes | undefined;
  readonly read: readonly ServiceCodes[];
}

/** A value of a call. */
interface CodeValue {
  readonly role: Role;
  readonly value: string | number;
  readonly labels: { readonly integrity: string };
}

/** The codes of services that a call carries. */
export interface CarriedCodes {
  /** Returns whether a value is a code or a link that goes back to the service that sent it. */
  isReturned(value: CodeValue): boolean;
  /** Whether a code goes to somebody else than the service that sent it. */
  readonly leaks: boolean;
}

const NONE: CarriedCodes = { isReturned: () => false, leaks: false };
/** The most characters of a call that are searched, once for each code; in a longer call everything counts as a code. */
const MAX_SEARCHED = 16 * 2 ** 20;
/** A longer text is not searched: it can have any code. */
const MAX_TEXT = 64 * 1024;

/** Returns the hosts that URLs among the destinations of a call lead to; undefined if one of them is no URL. */
export function hostsOf(destinations: readonly (string | number)[]): readonly string[] | undefined {
  const hosts = destinations.map((value) => (String(value).includes('@') ? undefined : domainOf(String(value))));
  return hosts.some((host) => host === undefined) ? undefined : (hosts as string[]);
}

/** @param services those that the author of the bundle declares for the tool */
export function codesOf(
  values: readonly CodeValue[],
  services: readonly string[],
  codes: KnownCodes | undefined,
): CarriedCodes {
  const all = codes === undefined ? [] : [...(codes.ofTask === undefined ? [] : [codes.ofTask]), ...codes.read];
  if (codes === undefined || all.every(({ count }) => count === 0)) return NONE;
  const destinations = values.filter(({ role }) => role === 'destination');
  const hosts = hostsOf(destinations.map(({ value }) => value)) ?? [];
  const isPlain = destinations.every(({ labels }) => labels.integrity === 'user');
  const goesBackTo = (sender: string): boolean => {
    if (hosts.length > 0) return hosts.every((host) => isOfService(host, sender));
    return isPlain && services.some((service) => isSentByService(sender, service));
  };
  const leaks = (): boolean => {
    let searched = 0;
    for (const { value } of values) {
      const text = String(value);
      for (const known of all) {
        searched += text.length * known.count;
        if (known.count > 0 && text.length > MAX_TEXT) return true;
        if (searched > MAX_SEARCHED || !known.sendersWithin(text).every(goesBackTo)) return true;
      }
    }
    return false;
  };
  return {
    isReturned({ value }) {
      const sender = codes.ofTask?.awaitedFrom(value);
      return sender !== undefined && goesBackTo(sender);
    },
    get leaks() {
      return leaks();
    },
  };
}
