import { type EntityUid, uidText } from '@writ/cedar';
import { type Service, serviceOf } from '@writ/enforce/http';
import { Document } from 'yaml';
import { isReserved } from '../../reserved-names.js';
import type { DeployedClient } from '../deployment.js';
import { textIn } from '../deployment.js';
import { toolsYamlOf } from '../draft.js';
import { withOperations } from '../operations-schema.js';
import { serviceTests } from './drafted-tests.js';
import { type DraftedOperation, draftOperations } from './operations.js';
import { policiesOf } from './policies.js';
import { suggestedMappings } from './suggested-mappings.js';

/** The document of a service, and where the service is. */
export interface DescribedService {
  readonly name: string;
  /** The file that the document was read from, for the places of problems. */
  readonly file: string;
  readonly text: string;
  readonly upstream: string;
  /** Names under which requests ask for it. */
  readonly hosts: readonly string[];
}

/** The files of a bundle for a service over HTTP, and what was guessed. */
interface DraftedService {
  /** By path. */
  readonly files: ReadonlyMap<string, string>;
  readonly service: Service;
  readonly operations: readonly DraftedOperation[];
}

/** The name of the one client of a drafted bundle. */
export const DRAFTED_CLIENT = 'agent';

/**
 * Drafts a bundle for a service over HTTP from its OpenAPI document. Its clients may read, and what changes something is asked of a
 * person.
 *
 * @throws {DefinitionError} if the document has something with two readings, with the place of each
 */
export function draftService(bundle: string, described: DescribedService, client: DeployedClient): DraftedService {
  const { name, text } = described;
  const service = serviceIn(described);
  const document = `${name}.${text.trimStart().startsWith('{') ? 'json' : 'yaml'}`;
  const { after: schema, opaque } = withOperations(SCHEMA, document, service);
  const operations = draftOperations(service, opaque, isReserved);
  const mappings = suggestedMappings(name, operations);
  const tests = serviceTests(service, operations, client.agent, client.for);
  const files = new Map([
    ['writ.yaml', writYamlOf(bundle, described, document, client)],
    [`openapi/${document}`, text],
    ['schema.cedarschema', schema],
    ['tools.yaml', toolsYamlOf(operations.flatMap(({ isReserved, tool }) => (isReserved ? [] : [tool])))],
    [`policies/${name}.cedar`, policiesOf(name, operations)],
    // Nothing is asked for where everything only reads.
    ...(operations.every(({ isReading }) => isReading) ? [] : ([['access.yaml', ACCESS]] as const)),
    ['entities/identities.json', identitiesOf(name, client)],
    ...(mappings === undefined ? [] : ([[`mappings/${name}.yaml`, mappings]] as const)),
    ...(tests === undefined ? [] : ([['tests/drafted.yaml', tests]] as const)),
  ]);
  return { files, service, operations };
}

function serviceIn({ name, file, text, upstream, hosts }: DescribedService): Service {
  const source = { file: 'writ.yaml', placeOf: () => ({ line: 1, column: 1 }) };
  const settings = { name, upstream, openapi: { file, text } };
  return serviceOf({ ...settings, hosts: [...hosts] }, source);
}

function writYamlOf(
  bundle: string,
  { name, upstream, hosts }: DescribedService,
  document: string,
  client: DeployedClient,
): string {
  const yaml = new Document(
    {
      name: bundle,
      gateway: { clients: { [DRAFTED_CLIENT]: { agent: uidText(client.agent), for: uidText(client.for) } } },
      http: { services: { [name]: { upstream, hosts, openapi: `openapi/${document}` } } },
    },
    { aliasDuplicateObjects: false },
  );
  yaml.commentBefore =
    ' Drafted by Writ: docs/http.md. Each client gets a key of its own. The service is sent no credential of a client; one of its\n' +
    ' own stands beside `upstream`, as credential: { Authorization: "Bearer ${env:SERVICE_TOKEN}" }.';
  return textIn(yaml);
}

const SCHEMA = `// Drafted by \`writ init\` from the operations of an OpenAPI document.

// The clients of a service, by the name of the service.
entity Team, AccessRequest;
entity User in [Team];
entity Agent in [Team] { owner?: User };

// The request that is approved, for policies on \`approve\`. \`owners\`: the owners of the identities on the path.
type Request = { owners: Set<User>, originator: User, action: String, template: String, step: Long };
action approve appliesTo { principal: [User], resource: [AccessRequest], context: { request: Request } };
`;

const ACCESS = `# Who is asked when a request changes something. Who of them may approve: owners-approve.
templates:
  owner:
    title: An agent wants to change something
    expires: 30m
    # ask: ['Group::"leads"'], notify: [mail], and more: docs/approvals.md
`;

function identitiesOf(team: string, { agent, for: person, owner }: DeployedClient): string {
  const parents = [{ type: 'Team', id: team }];
  const entities: { uid: EntityUid; attrs: object; parents: object[] }[] = [
    { uid: { type: 'Team', id: team }, attrs: {}, parents: [] },
    { uid: person, attrs: {}, parents },
    { uid: agent, attrs: { owner: { __entity: owner ?? person } }, parents },
    ...(owner === undefined ? [] : [{ uid: owner, attrs: {}, parents: [] }]),
  ];
  return `[\n${entities.map((one) => `  ${JSON.stringify(one)}`).join(',\n')}\n]\n`;
}
