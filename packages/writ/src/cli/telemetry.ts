import type { Tracer } from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { BatchSpanProcessor, NodeTracerProvider } from '@opentelemetry/sdk-trace-node';
import { type Logger, pino } from 'pino';

/**
 * Returns the logger of the process: one JSON object a line, to standard error. Fields that could hold a credential are never
 * passed to it, and are removed if they are.
 *
 * @param level of pino
 */
export function processLogger(level = 'info'): Logger {
  const secrets = ['authorization', 'cookie', 'key', 'token', 'password', 'secret'];
  const paths = secrets.flatMap((name) => [name, `*.${name}`, `*.*.${name}`, `*.headers.${name}`]);
  return pino({ level, base: { name: 'writ' }, redact: { paths, censor: '[redacted]' } }, pino.destination(2));
}

/** Traces, sent where the standard variables of OpenTelemetry say; undefined when they say nothing. */
export function tracing(env: NodeJS.ProcessEnv): { tracer: Tracer; end(): Promise<void> } | undefined {
  if (!env.OTEL_EXPORTER_OTLP_ENDPOINT && !env.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT) return undefined;
  const provider = new NodeTracerProvider({
    resource: resourceFromAttributes({ 'service.name': env.OTEL_SERVICE_NAME ?? 'writ' }),
    spanProcessors: [new BatchSpanProcessor(new OTLPTraceExporter())],
  });
  return { tracer: provider.getTracer('writ'), end: () => provider.shutdown() };
}
