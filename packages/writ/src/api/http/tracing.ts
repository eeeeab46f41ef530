import type { IncomingHttpHeaders } from 'node:http';
import { ROOT_CONTEXT, type Span, SpanKind, SpanStatusCode, type Tracer } from '@opentelemetry/api';
import { W3CTraceContextPropagator } from '@opentelemetry/core';

const propagator = new W3CTraceContextPropagator();
const getter = {
  keys: (headers: IncomingHttpHeaders): string[] => Object.keys(headers),
  get: (headers: IncomingHttpHeaders, name: string): string | string[] | undefined => headers[name],
};

/** The spans of requests (OpenTelemetry, HTTP semantic conventions), as part of the caller's trace (W3C Trace Context). */
export class RequestTracing {
  constructor(private readonly tracer: Tracer) {}

  begin(method: string, route: string, headers: IncomingHttpHeaders): Span {
    const context = propagator.extract(ROOT_CONTEXT, headers, getter);
    const attributes = { 'http.request.method': method, 'http.route': route };
    return this.tracer.startSpan(`${method} ${route}`, { kind: SpanKind.SERVER, attributes }, context);
  }

  end(span: Span, status: number, decisionIds: string | undefined): void {
    span.setAttribute('http.response.status_code', status);
    if (decisionIds !== undefined) span.setAttribute('writ.decision.id', decisionIds);
    if (status >= 500) span.setStatus({ code: SpanStatusCode.ERROR });
    span.end();
  }
}
