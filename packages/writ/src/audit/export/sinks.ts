import { FileSink } from './file-sink.js';
import { ocsfForm, recordForm } from './forms.js';
import { HttpSink } from './http-sink.js';
import type { OcsfVersion } from './ocsf.js';
import { OtlpSink } from './otlp-sink.js';
import { ParquetSink } from './parquet-sink.js';
import type { Form, Sink } from './sink.js';
import { SyslogSink } from './syslog-sink.js';

/** In which form entries are written. */
interface Written {
  readonly form: 'record' | 'ocsf';
  /** The release, for `ocsf`. */
  readonly ocsf: OcsfVersion;
}
type Headers = Readonly<Record<string, string>>;

type StreamSink =
  | ({ readonly to: 'file'; readonly file: string } & Written)
  | ({ readonly to: 'http'; readonly url: string; readonly headers: Headers } & Written)
  | ({ readonly to: 'syslog'; readonly url: string } & Written)
  | { readonly to: 'otlp'; readonly url: string; readonly headers: Headers };
interface ParquetFolder {
  readonly to: 'parquet';
  readonly folder: string;
  /** The most entries of a file. */
  readonly entries: number;
}

/** A sink as it is declared: texts can have `${data}` and `${env:NAME}`, `every` is a duration. */
export type SinkSettings = StreamSink | (ParquetFolder & { readonly every: string });
/** A sink with its texts filled in; `ms` is the longest that a Parquet file waits for more entries. */
export type SinkDescription = StreamSink | (ParquetFolder & { readonly ms: number });

export function sinkOf(sink: SinkDescription): Sink {
  switch (sink.to) {
    case 'file':
      return new FileSink(sink.file, formOf(sink));
    case 'http':
      return new HttpSink(sink.url, sink.headers, formOf(sink));
    case 'syslog':
      return new SyslogSink(new URL(sink.url), formOf(sink));
    case 'otlp':
      return new OtlpSink(sink.url, sink.headers);
    case 'parquet':
      return new ParquetSink(sink.folder, sink);
  }
}

function formOf({ form, ocsf }: Written): Form {
  return form === 'record' ? recordForm : ocsfForm(ocsf);
}
