import { loadPackageDefinition, Server, ServerCredentials, type ServiceClientConstructor } from '@grpc/grpc-js';
import { fromJSON } from '@grpc/proto-loader';

/** A server for Envoy that decides nothing: it answers each check and each message of ext_proc with yes, and changes nothing. */

const [, , socket] = process.argv;
const KINDS = ['requestHeaders', 'responseHeaders', 'requestBody', 'responseBody'];
/** By number: a request has them from 2 on, and a reply from 1 on, in this order. */
const fields = (type: string, numbers: readonly number[]) => ({
  fields: Object.fromEntries(KINDS.map((kind, i) => [kind, { type, id: numbers[i] }])),
  oneofs: { kind: { oneof: KINDS } },
});
const inService = (name: string, nested: object) => ({ [name]: { nested: { v3: { nested } } } });
const PROTOCOL = {
  nested: {
    envoy: {
      nested: {
        service: {
          nested: {
            ...inService('auth', {
              Authorization: { methods: { Check: { requestType: 'Nothing', responseType: 'Checked' } } },
              Nothing: { fields: {} },
              Status: { fields: { code: { type: 'int32', id: 1 } } },
              Checked: { fields: { status: { type: 'Status', id: 1 } } },
            }),
            ...inService('ext_proc', {
              ExternalProcessor: {
                methods: {
                  Process: { requestType: 'Asked', responseType: 'Replied', requestStream: true, responseStream: true },
                },
              },
              Nothing: { fields: {} },
              Asked: fields('Nothing', [2, 3, 4, 5]),
              Replied: fields('Nothing', [1, 2, 3, 4]),
            }),
          },
        },
      },
    },
  },
};

interface Loaded {
  readonly envoy: { readonly service: Record<string, { readonly v3: Record<string, ServiceClientConstructor> }> };
}
const options = { oneofs: true };
const { envoy } = loadPackageDefinition(
  fromJSON(PROTOCOL as unknown as Parameters<typeof fromJSON>[0], options),
) as unknown as Loaded;
interface Stream {
  on(event: 'data', listener: (message: { readonly kind: string }) => void): void;
  on(event: 'end' | 'cancelled' | 'error', listener: () => void): void;
  write(reply: object): void;
  end(): void;
}
const server = new Server();
server.addService((envoy.service.auth as Loaded['envoy']['service'][string]).v3.Authorization?.service ?? {}, {
  Check: (_call: object, answer: (error: null, response: object) => void) => answer(null, { status: { code: 0 } }),
});
server.addService((envoy.service.ext_proc as Loaded['envoy']['service'][string]).v3.ExternalProcessor?.service ?? {}, {
  Process: (stream: Stream) => {
    stream.on('data', ({ kind }) => stream.write({ [kind]: {} }));
    stream.on('end', () => stream.end());
    stream.on('error', () => undefined);
  },
});
server.bindAsync(`unix:${socket}`, ServerCredentials.createInsecure(), (error) => {
  if (error !== null) throw error;
  process.stdout.write('up\n');
});
