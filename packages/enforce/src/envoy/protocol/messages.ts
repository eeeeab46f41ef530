/** The messages of descriptor.ts as they are read and written. Those of the other side are hostile: each member may be absent. */

export interface HeaderValue {
  readonly key?: string;
  readonly value?: string;
  readonly rawValue?: Buffer;
}

interface HeaderMap {
  readonly headers?: readonly HeaderValue[];
}

/** A header to be set: 2 replaces all values that there are. */
export interface HeaderToSet {
  readonly header: { readonly key: string; readonly value?: string; readonly rawValue?: Buffer };
  readonly appendAction: 2;
}

/** `google.protobuf.Struct`, of texts and objects alone. */
export interface Struct {
  readonly fields?: Readonly<Record<string, { readonly stringValue?: string; readonly structValue?: Struct }>>;
}

export interface HttpRequest {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly path?: string;
  readonly host?: string;
  readonly scheme?: string;
  readonly body?: string;
  readonly rawBody?: Buffer;
  readonly headerMap?: HeaderMap;
}

export interface CheckRequest {
  readonly attributes?: {
    readonly source?: { readonly address?: { readonly socketAddress?: { readonly address?: string } } };
    readonly request?: { readonly http?: HttpRequest };
    readonly contextExtensions?: Readonly<Record<string, string>>;
  };
}

export interface CheckResponse {
  readonly status: { readonly code: number; readonly message?: string };
  readonly deniedResponse?: {
    readonly status: { readonly code: number };
    readonly headers: readonly HeaderToSet[];
    readonly body: string;
  };
  readonly okResponse?: { readonly headers: readonly HeaderToSet[]; readonly headersToRemove: readonly string[] };
  readonly dynamicMetadata?: Struct;
}

export interface HttpHeaders {
  readonly headers?: HeaderMap;
  readonly endOfStream?: boolean;
}

export interface HttpBody {
  readonly body?: Buffer;
  readonly endOfStream?: boolean;
}

export interface ProcessingRequest {
  /** The member that it has; undefined for a message of a later protocol. */
  readonly kind?: string;
  readonly requestHeaders?: HttpHeaders;
  readonly responseHeaders?: HttpHeaders;
  readonly requestBody?: HttpBody;
  readonly responseBody?: HttpBody;
  readonly requestTrailers?: object;
  readonly responseTrailers?: object;
  readonly attributes?: Readonly<Record<string, Struct>>;
  readonly observabilityMode?: boolean;
  readonly protocolConfig?: { readonly requestBodyMode?: number; readonly responseBodyMode?: number };
}

export interface HeaderMutation {
  readonly setHeaders?: readonly HeaderToSet[];
  readonly removeHeaders?: readonly string[];
}

interface Phase {
  readonly response?: { readonly headerMutation?: HeaderMutation; readonly bodyMutation?: { readonly body: Buffer } };
}

export interface ProcessingResponse {
  readonly requestHeaders?: Phase;
  readonly requestBody?: Phase;
  readonly responseHeaders?: Phase;
  readonly responseBody?: Phase;
  readonly responseTrailers?: object;
  readonly immediateResponse?: {
    readonly status: { readonly code: number };
    readonly headers: HeaderMutation;
    readonly body: Buffer;
    readonly details: string;
  };
  readonly dynamicMetadata?: Struct;
  readonly modeOverride?: {
    readonly responseHeaderMode: 1;
    readonly requestBodyMode: 2;
    readonly responseBodyMode: BodyMode;
  };
}

/** `ProcessingMode.BodySendMode`. */
export const BODY_MODE = { none: 0, streamed: 1, buffered: 2 } as const;
export type BodyMode = (typeof BODY_MODE)[keyof typeof BODY_MODE];
