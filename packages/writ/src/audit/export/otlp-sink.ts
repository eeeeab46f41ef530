import { ROOT_CONTEXT, trace } from '@opentelemetry/api';
import { SeverityNumber } from '@opentelemetry/api-logs';
import { ExportResultCode } from '@opentelemetry/core';
import { OTLPLogExporter } from '@opentelemetry/exporter-logs-otlp-http';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { LoggerProvider, type ReadableLogRecord } from '@opentelemetry/sdk-logs';
import { uidText } from '@writ/cedar';
import { identitiesOf, isPermit } from '../../record/decision-parts.js';
import { ExportError } from './errors.js';
import type { ExportedEntry, Sink } from './sink.js';

/** OpenTelemetry logs over OTLP/HTTP: a log record an entry, the record as its body. */
export class OtlpSink implements Sink {
  readonly batch = { entries: 1, ms: 0 };
  private readonly exporter: OTLPLogExporter;
  private collected: ReadableLogRecord[] = [];
  private readonly provider: LoggerProvider;

  /** @param url of the logs, as `http://collector:4318/v1/logs` */
  constructor(url: string, headers: Readonly<Record<string, string>>) {
    this.exporter = new OTLPLogExporter({ url, headers: { ...headers } });
    this.provider = new LoggerProvider({
      resource: resourceFromAttributes({ 'service.name': 'writ' }),
      processors: [
        {
          onEmit: (record) => void this.collected.push(record),
          forceFlush: async () => undefined,
          shutdown: async () => undefined,
        },
      ],
    });
  }

  async send(entries: readonly ExportedEntry[]): Promise<void> {
    this.collected = [];
    const logger = this.provider.getLogger('writ.record');
    for (const one of entries) logger.emit(logRecordOf(one));
    await new Promise<void>((resolve, reject) => {
      this.exporter.export(this.collected, ({ code, error }) => {
        if (code === ExportResultCode.SUCCESS) resolve();
        else reject(new ExportError(`the collector refused the entries: ${error?.message ?? 'no reason given'}`));
      });
    });
  }

  async close(): Promise<void> {
    await this.exporter.shutdown();
  }
}

function logRecordOf({ entry, index, origin }: ExportedEntry) {
  const attributes: Record<string, string | number> = {
    'log.record.uid': entry.id,
    'writ.record.kind': entry.kind,
    'writ.log.origin': origin,
    'writ.log.index': index,
  };
  const base = {
    eventName: `writ.${entry.kind}`,
    timestamp: new Date(entry.time),
    body: JSON.stringify(entry),
  };
  if (entry.kind !== 'decision')
    return { ...base, severityNumber: SeverityNumber.INFO, severityText: 'INFO', attributes };
  const { result, request, provenance, policyVersion } = entry;
  const { actor, originator } = identitiesOf(entry);
  Object.assign(attributes, {
    'writ.result': result,
    'writ.action': request.action.name,
    'writ.resource': uidText(request.resource),
    'writ.actor': uidText(actor),
    'writ.policy.version': policyVersion,
    'writ.originator': uidText(originator),
    ...(provenance?.txn === undefined ? {} : { 'writ.task': provenance.txn }),
  });
  const severity = isPermit(result)
    ? { severityNumber: SeverityNumber.INFO, severityText: 'INFO' }
    : { severityNumber: SeverityNumber.WARN, severityText: 'WARN' };
  const context =
    entry.trace === undefined
      ? {}
      : {
          context: trace.setSpanContext(ROOT_CONTEXT, { traceId: entry.trace, spanId: UNKNOWN_SPAN, traceFlags: 1 }),
        };
  return { ...base, ...severity, ...context, attributes };
}

/** Stands for the span that asked: the record has only the trace. */
const UNKNOWN_SPAN = '0000000000000001';
