/**
 * The part of Envoy's protocols that is used here, by field number.
 *
 * NOTICE: names and numbers are those of the Envoy data plane API (envoyproxy/data-plane-api, Apache-2.0, © Envoy Project Authors) and of
 * googleapis (Apache-2.0, © Google LLC): `envoy/service/auth/v3`, `envoy/service/ext_proc/v3`, `envoy/config/core/v3/base.proto`,
 * `envoy/type/v3/http_status.proto`, `google/rpc/status.proto`, `google/protobuf/struct.proto`. Enumerations are whole numbers here,
 * which are the same bytes. Fields that are left out are ignored, as protobuf says.
 */

type FieldsOf = Readonly<Record<string, readonly [type: string, id: number, rule?: 'repeated' | 'texts']>>;

function message(fields: FieldsOf, oneof: readonly string[] = []): object {
  return {
    fields: Object.fromEntries(
      Object.entries(fields).map(([name, [type, id, rule]]) => [
        name,
        {
          ...{ type, id },
          ...(rule === 'repeated' ? { rule } : {}),
          ...(rule === 'texts' ? { keyType: 'string' } : {}),
        },
      ]),
    ),
    ...(oneof.length === 0 ? {} : { oneofs: { kind: { oneof } } }),
  };
}

function inPackage(name: string, nested: object): object {
  return name.split('.').reduceRight((inner, part) => ({ [part]: { nested: inner } }), nested);
}

const HEADERS = {
  HeaderValue: message({ key: ['string', 1], value: ['string', 2], rawValue: ['bytes', 3] }),
  HeaderMap: message({ headers: ['HeaderValue', 1, 'repeated'] }),
  HeaderValueOption: message({ header: ['HeaderValue', 1], appendAction: ['int32', 3] }),
  HttpStatus: message({ code: ['int32', 1] }),
};

const VALUES = {
  Struct: message({ fields: ['Value', 1, 'texts'] }),
  Value: message({ stringValue: ['string', 3], structValue: ['Struct', 5] }, ['stringValue', 'structValue']),
};

/** Of `envoy.service.auth.v3`. */
const AUTHORIZATION = {
  ...HEADERS,
  ...VALUES,
  Status: message({ code: ['int32', 1], message: ['string', 2] }),
  SocketAddress: message({ address: ['string', 2] }),
  Address: message({ socketAddress: ['SocketAddress', 1] }),
  Peer: message({ address: ['Address', 1], principal: ['string', 4] }),
  HttpRequest: message({
    method: ['string', 2],
    headers: ['string', 3, 'texts'],
    path: ['string', 4],
    host: ['string', 5],
    scheme: ['string', 6],
    protocol: ['string', 10],
    body: ['string', 11],
    rawBody: ['bytes', 12],
    headerMap: ['HeaderMap', 13],
  }),
  Request: message({ http: ['HttpRequest', 2] }),
  AttributeContext: message({
    source: ['Peer', 1],
    request: ['Request', 4],
    contextExtensions: ['string', 10, 'texts'],
  }),
  CheckRequest: message({ attributes: ['AttributeContext', 1] }),
  DeniedHttpResponse: message({
    status: ['HttpStatus', 1],
    headers: ['HeaderValueOption', 2, 'repeated'],
    body: ['string', 3],
  }),
  OkHttpResponse: message({
    headers: ['HeaderValueOption', 2, 'repeated'],
    headersToRemove: ['string', 5, 'repeated'],
  }),
  CheckResponse: message(
    {
      status: ['Status', 1],
      deniedResponse: ['DeniedHttpResponse', 2],
      okResponse: ['OkHttpResponse', 3],
      dynamicMetadata: ['Struct', 4],
    },
    ['deniedResponse', 'okResponse'],
  ),
  Authorization: { methods: { Check: { requestType: 'CheckRequest', responseType: 'CheckResponse' } } },
};

/** Of `envoy.service.ext_proc.v3`. */
const PROCESSOR = {
  ...HEADERS,
  ...VALUES,
  HttpHeaders: message({ headers: ['HeaderMap', 1], endOfStream: ['bool', 3] }),
  HttpBody: message({ body: ['bytes', 1], endOfStream: ['bool', 2] }),
  HttpTrailers: message({ trailers: ['HeaderMap', 1] }),
  ProtocolConfiguration: message({ requestBodyMode: ['int32', 1], responseBodyMode: ['int32', 2] }),
  ProcessingRequest: message(
    {
      requestHeaders: ['HttpHeaders', 2],
      responseHeaders: ['HttpHeaders', 3],
      requestBody: ['HttpBody', 4],
      responseBody: ['HttpBody', 5],
      requestTrailers: ['HttpTrailers', 6],
      responseTrailers: ['HttpTrailers', 7],
      attributes: ['Struct', 9, 'texts'],
      observabilityMode: ['bool', 10],
      protocolConfig: ['ProtocolConfiguration', 11],
    },
    ['requestHeaders', 'responseHeaders', 'requestBody', 'responseBody', 'requestTrailers', 'responseTrailers'],
  ),
  HeaderMutation: message({
    setHeaders: ['HeaderValueOption', 1, 'repeated'],
    removeHeaders: ['string', 2, 'repeated'],
  }),
  BodyMutation: message({ body: ['bytes', 1], clearBody: ['bool', 2] }, ['body', 'clearBody']),
  CommonResponse: message({ headerMutation: ['HeaderMutation', 2], bodyMutation: ['BodyMutation', 3] }),
  HeadersResponse: message({ response: ['CommonResponse', 1] }),
  BodyResponse: message({ response: ['CommonResponse', 1] }),
  TrailersResponse: message({ headerMutation: ['HeaderMutation', 1] }),
  ImmediateResponse: message({
    status: ['HttpStatus', 1],
    headers: ['HeaderMutation', 2],
    body: ['bytes', 3],
    details: ['string', 5],
  }),
  ProcessingMode: message({
    requestHeaderMode: ['int32', 1],
    responseHeaderMode: ['int32', 2],
    requestBodyMode: ['int32', 3],
    responseBodyMode: ['int32', 4],
    requestTrailerMode: ['int32', 5],
    responseTrailerMode: ['int32', 6],
  }),
  ProcessingResponse: message(
    {
      requestHeaders: ['HeadersResponse', 1],
      responseHeaders: ['HeadersResponse', 2],
      requestBody: ['BodyResponse', 3],
      responseBody: ['BodyResponse', 4],
      requestTrailers: ['TrailersResponse', 5],
      responseTrailers: ['TrailersResponse', 6],
      immediateResponse: ['ImmediateResponse', 7],
      dynamicMetadata: ['Struct', 8],
      modeOverride: ['ProcessingMode', 9],
    },
    [
      ...(['requestHeaders', 'responseHeaders', 'requestBody', 'responseBody', 'requestTrailers'] as const),
      ...(['responseTrailers', 'immediateResponse'] as const),
    ],
  ),
  ExternalProcessor: {
    methods: {
      Process: {
        ...{ requestType: 'ProcessingRequest', responseType: 'ProcessingResponse' },
        ...{ requestStream: true, responseStream: true },
      },
    },
  },
};

/** Both, as protobuf.js reads a namespace from JSON. */
export const DESCRIPTOR = {
  nested: {
    envoy: {
      nested: {
        service: {
          nested: { ...inPackage('auth.v3', AUTHORIZATION), ...inPackage('ext_proc.v3', PROCESSOR) },
        },
      },
    },
  },
};
