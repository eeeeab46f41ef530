import { loadPackageDefinition, Server, ServerCredentials, type ServiceClientConstructor, status } from '@grpc/grpc-js';
import { fromJSON } from '@grpc/proto-loader';
import { Pool } from 'undici';

/** An authorizer for Envoy as one writes it with grpc-js: it knows its callers, and asks Cerbos about each request. */

const [, , port, cerbos = ''] = process.argv;
/** Cerbos answers faster over AuthZEN than over its own API. */
const pool = new Pool(cerbos, { connections: 32, pipelining: 1 });
const PATH = '/access/v1/evaluation';

/** The caller that the proof of a request names. */
const CALLERS = new Map([
  ['Bearer bench', { type: 'user', id: 'user1', properties: { department: 'legal', role: 'staff' } }],
]);

interface Checked {
  readonly attributes?: {
    readonly request?: { readonly http?: { method: string; path: string; headers: Record<string, string> } };
  };
}

async function isPermitted({ attributes }: Checked): Promise<boolean> {
  const { method, path = '', headers = {} } = attributes?.request?.http ?? {};
  const [, id] = /^\/orders\/([\w-]+)$/.exec(path) ?? [];
  const subject = CALLERS.get(headers.authorization ?? '');
  if (method !== 'GET' || id === undefined || subject === undefined) return false;
  const resource = {
    type: 'doc0',
    id,
    properties: { department: 'legal', owner: 'user1', status: 'active', frozen: false },
  };
  const { statusCode, body } = await pool.request({
    ...{ path: PATH, method: 'POST' },
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ subject, action: { name: 'view' }, resource }),
  });
  const { decision } = (await body.json()) as { decision?: boolean };
  return statusCode === 200 && decision === true;
}

/** The part of `envoy.service.auth.v3` that this needs, by the numbers of its fields. */
const field = (id: number, type: string) => ({ id, type });
const PROTOCOL = {
  nested: {
    envoy: {
      nested: {
        service: {
          nested: {
            auth: {
              nested: {
                v3: {
                  nested: {
                    Authorization: {
                      methods: { Check: { requestType: 'CheckRequest', responseType: 'CheckResponse' } },
                    },
                    CheckRequest: { fields: { attributes: field(1, 'Attributes') } },
                    Attributes: { fields: { request: field(4, 'Request') } },
                    Request: { fields: { http: field(2, 'HttpRequest') } },
                    HttpRequest: {
                      fields: {
                        method: field(2, 'string'),
                        headers: { ...field(3, 'string'), keyType: 'string' },
                        path: field(4, 'string'),
                      },
                    },
                    CheckResponse: { fields: { status: field(1, 'Status') } },
                    Status: { fields: { code: field(1, 'int32') } },
                  },
                },
              },
            },
          },
        },
      },
    },
  },
};

const loaded = loadPackageDefinition(fromJSON(PROTOCOL as unknown as Parameters<typeof fromJSON>[0])) as unknown as {
  readonly envoy: {
    readonly service: { readonly auth: { readonly v3: { readonly Authorization: ServiceClientConstructor } } };
  };
};
const server = new Server();
server.addService(loaded.envoy.service.auth.v3.Authorization.service, {
  Check: ({ request }: { readonly request: Checked }, answer: (error: null, response: object) => void) => {
    isPermitted(request).then(
      (permitted) => answer(null, { status: { code: permitted ? status.OK : status.PERMISSION_DENIED } }),
      () => answer(null, { status: { code: status.UNAVAILABLE } }),
    );
  },
});
server.bindAsync(`127.0.0.1:${port}`, ServerCredentials.createInsecure(), (error) => {
  if (error !== null) throw error;
  process.stdout.write('up\n');
});
