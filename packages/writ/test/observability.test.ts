import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { trace } from '@opentelemetry/api';
import { InMemorySpanExporter, NodeTracerProvider, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-node';
import { Registry } from 'prom-client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DecisionCounters } from '../src/api/http/decision-counters.js';
import { tracing } from '../src/cli/telemetry.js';
import { EXAMPLES, type Running, run } from './running.js';

const exporter = new InMemorySpanExporter();
const provider = new NodeTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] });
let writ: Running;
beforeAll(async () => {
  writ = await run(join(EXAMPLES, 'authzen-certification'), { tracer: provider.getTracer('test') });
});
afterAll(async () => {
  await writ.stop();
  await provider.shutdown();
});

const READ = {
  subject: { type: 'user', id: 'alice' },
  action: { name: 'read' },
  resource: { type: 'record', id: 'record-1' },
};

describe('/metrics', () => {
  it('counts decisions by result, answers by operation, and what the disk takes', async () => {
    await writ.send('POST', '/access/v1/evaluation', READ);
    await writ.send('POST', '/access/v1/evaluation', { ...READ, action: { name: 'shred' } });
    const { text, headers } = await writ.send('GET', '/metrics', undefined, { as: null });
    expect(headers.get('Content-Type')).toContain('text/plain; version=0.0.4');
    expect(text).toMatch(/^writ_decisions_total\{result="allow",refusal=""\} 1$/m);
    expect(text).toMatch(/^writ_decisions_total\{result="deny",refusal="unknown_action"\} 1$/m);
    expect(text).not.toMatch(/_by_(policy|tool|client)/);
    const { text: ofAdmin } = await writ.send('GET', '/metrics', undefined, { as: 'admin' });
    expect(ofAdmin).toMatch(/^writ_decisions_by_policy_total\{policy="[^"]+",result="allow"\} 1$/m);
    expect(ofAdmin).toMatch(/^writ_decisions_by_tool_total\{tool="read",result="allow"\} 1$/m);
    expect(ofAdmin).not.toContain('shred');
    expect(ofAdmin).toMatch(/^writ_decisions_by_client_total\{client="default",result="deny"\} 1$/m);
    expect(ofAdmin).toMatch(/^writ_state\{state="ready"\} 1$/m);
    expect(text).toMatch(/^writ_http_request_duration_seconds_count\{operation="evaluate",status="200"\} 2$/m);
    expect(text).toMatch(/^writ_log_commit_duration_seconds_count [1-9]/m);
    expect(text).toMatch(/^writ_state\{state="ready"\} 1$/m);
    expect(text).toMatch(/^writ_policy_age_seconds [0-9.e-]+$/m);
  });

  it('names are bounded', () => {
    const registry = new Registry();
    const counters = new DecisionCounters(registry, registry);
    for (let i = 0; i < 600; i += 1)
      counters.count({
        kind: 'decision',
        id: '',
        time: '',
        result: 'deny',
        tool: `t${i}"\\n} 1\n`,
        client: 'c',
        reasons: [],
      });
    return registry.metrics().then((text) => {
      expect(text.match(/^writ_decisions_by_tool_total\{/gm)).toHaveLength(501);
      expect(text).toContain('writ_decisions_by_tool_total{tool="other",result="deny"} 100\n');
    });
  });

  it('no label is what a caller made up', async () => {
    await writ.send('POST', '/made/up', {}, { as: null });
    await writ.send('POST', '/access/v1/evaluation', { ...READ, action: { name: 'made-up' } });
    expect((await writ.send('GET', '/metrics', undefined, { as: null })).text).not.toMatch(/made.up/);
  });
});

describe('traces', () => {
  const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

  it('go on where the caller began (W3C Trace Context), and name the decision', async () => {
    exporter.reset();
    const { headers } = await writ.send('POST', '/access/v1/evaluation', READ, { headers: { traceparent } });
    const [span] = exporter.getFinishedSpans();
    expect(span?.name).toBe('POST /access/v1/evaluation');
    expect(span?.spanContext().traceId).toBe('0af7651916cd43dd8448eb211c80319c');
    expect(span?.parentSpanContext?.spanId).toBe('b7ad6b7169203331');
    expect(span?.attributes).toMatchObject({
      'http.response.status_code': 200,
      'writ.decision.id': headers.get('X-Decision-Id'),
    });
  });

  it('begin anew on a context that is not one', async () => {
    exporter.reset();
    await writ.send('POST', '/access/v1/evaluation', READ, { headers: { traceparent: '00-zz-zz-01' } });
    const [span] = exporter.getFinishedSpans();
    expect(trace.isSpanContextValid(span?.spanContext() ?? { traceId: '', spanId: '', traceFlags: 0 })).toBe(true);
    expect(span?.parentSpanContext).toBeUndefined();
  });

  it('are sent to the collector that the standard variables name', async () => {
    const received: string[] = [];
    const collector: Server = createServer((request, response) => {
      let body = '';
      request.on('data', (chunk) => {
        body += String(chunk);
      });
      request.on('end', () => {
        received.push(`${request.method} ${request.url} ${body}`);
        response.writeHead(200, { 'Content-Type': 'application/json' }).end('{}');
      });
    });
    await new Promise<void>((resolve) => collector.listen(0, '127.0.0.1', resolve));
    process.env.OTEL_EXPORTER_OTLP_ENDPOINT = `http://127.0.0.1:${(collector.address() as AddressInfo).port}`;
    const traces = await tracing(process.env);
    delete process.env.OTEL_EXPORTER_OTLP_ENDPOINT;
    traces?.tracer.startSpan('a test').end();
    await traces?.end();
    collector.close();
    expect(received).toHaveLength(1);
    expect(received[0]).toMatch(/^POST \/v1\/traces .*"name":"a test"/);
    expect(await tracing({})).toBeUndefined();
  });
});
