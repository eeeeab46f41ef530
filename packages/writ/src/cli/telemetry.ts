import type { Tracer } from '@opentelemetry/api';

/**
 * Returns traces, sent where the standard variables of OpenTelemetry say; undefined when they say nothing. Its libraries are
 * more than a third of what a start would load, and most services send no traces.
 */
export async function tracing(
  env: NodeJS.ProcessEnv,
): Promise<{ readonly tracer: Tracer; end(): Promise<void> } | undefined> {
  if (!env.OTEL_EXPORTER_OTLP_ENDPOINT && !env.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT) return undefined;
  const { OTLPTraceExporter } = await import('@opentelemetry/exporter-trace-otlp-http');
  const { resourceFromAttributes } = await import('@opentelemetry/resources');
  const { BatchSpanProcessor, NodeTracerProvider } = await import('@opentelemetry/sdk-trace-node');
  const provider = new NodeTracerProvider({
    resource: resourceFromAttributes({ 'service.name': env.OTEL_SERVICE_NAME ?? 'writ' }),
    spanProcessors: [new BatchSpanProcessor(new OTLPTraceExporter())],
  });
  return { tracer: provider.getTracer('writ'), end: () => provider.shutdown() };
}
