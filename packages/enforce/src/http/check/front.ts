import { PROFILES, type Profile, type ProfileName } from './profiles.js';

/** A front as the bundle declares it (`http.fronts` of writ.yaml). */
interface FrontSettings {
  readonly profile: ProfileName;
  /** The names of the services that it may ask about. */
  readonly services: readonly string[];
  /** Whether it sends bodies along. */
  readonly body: 'none' | 'carried';
  /** More headers that it removes on the way to the service. */
  readonly removes: readonly string[];
}

/** A proxy of somebody else, in front of services, that asks before it forwards. */
export interface Front {
  readonly name: string;
  readonly profile: Profile;
  readonly services: ReadonlySet<string>;
  readonly carriesBody: boolean;
  /** The headers of a client that do not reach the service as they are; in lower case. */
  readonly replaced: ReadonlySet<string>;
}

/** Makes a front of its settings. */
export function frontOf(name: string, { profile: chosen, services, body, removes }: FrontSettings): Front {
  const profile: Profile = PROFILES[chosen];
  return {
    name,
    profile,
    services: new Set(services),
    carriesBody: body === 'carried' && profile.canCarryBody,
    replaced: new Set([...profile.replaced, ...removes.map((one) => one.toLowerCase())]),
  };
}
