import { Client } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { Ajv } from 'ajv';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { z } from 'zod';
import type { Carried } from '../../decide/request.js';
import { TOKEN_META } from '../carried.js';
import { UpstreamError } from '../errors.js';

/** A tool as its server lists it. */
export type Tool = Awaited<ReturnType<Client['listTools']>>['tools'][number];

/** How to run an upstream server. */
export interface ServerCommand {
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** Whether transaction tokens are passed on to it. */
  readonly getsToken?: boolean;
  /** Where its standard error goes: to ours, or nowhere (the default). */
  readonly stderr?: 'inherit' | 'ignore';
}

export type CallResult = Record<string, unknown> & { readonly isError?: boolean };

/** Whatever the upstream answers goes to the caller as it is. */
const ANY_RESULT = z.looseObject({ isError: z.boolean().optional() });
const CALL_TIMEOUT_MS = 60_000;

/** A real MCP server behind an enforcement point, over stdio. */
export class Upstream {
  private readonly validators = new Map<string, (input: unknown) => string | undefined>();
  private toolList: readonly Tool[] = [];
  private alive = true;

  private constructor(
    readonly name: string,
    private readonly client: Client,
    private readonly getsToken: boolean,
  ) {}

  /**
   * Starts the server and asks it for its tools.
   *
   * @throws {UpstreamError} when it does not start or does not speak MCP
   */
  static async start(name: string, server: ServerCommand): Promise<Upstream> {
    const client = new Client({ name: 'writ-gateway', version: '0.1.0' }, { versionNegotiation: { mode: 'auto' } });
    const upstream = new Upstream(name, client, server.getsToken === true);
    client.onclose = () => {
      upstream.alive = false;
    };
    try {
      const { command, args, env, cwd, stderr = 'ignore' } = server;
      await client.connect(
        new StdioClientTransport({
          command,
          args: [...args],
          stderr,
          ...(env === undefined ? {} : { env: { ...env } }),
          ...(cwd === undefined ? {} : { cwd }),
        }),
      );
      upstream.toolList = (await client.listTools()).tools;
      for (const tool of upstream.toolList) upstream.validators.set(tool.name, validatorOf(tool));
    } catch (cause) {
      await client.close().catch(() => undefined);
      const why = cause instanceof Error ? cause.message : String(cause);
      throw new UpstreamError(
        `the MCP server ${name} did not start: ${why}`,
        `try the command by hand: ${server.command}`,
        { cause },
      );
    }
    return upstream;
  }

  get tools(): readonly Tool[] {
    return this.toolList;
  }

  get isAlive(): boolean {
    return this.alive;
  }

  /** What of the arguments does not fit the tool's own input schema; undefined when all does. */
  misfit(tool: string, input: unknown): string | undefined {
    return this.validators.get(tool)?.(input);
  }

  /** Calls a tool. Only the name and the arguments go on: nothing that was not decided. */
  async call(
    tool: string,
    input: Readonly<Record<string, unknown>>,
    signal?: AbortSignal,
    { trace, txnToken }: Carried = {},
  ): Promise<CallResult> {
    const token = this.getsToken && txnToken !== undefined ? { [TOKEN_META]: txnToken } : undefined;
    const meta = trace === undefined && token === undefined ? {} : { _meta: { ...trace, ...token } };
    const request = { method: 'tools/call', params: { name: tool, arguments: { ...input }, ...meta } };
    return this.client.request(request, ANY_RESULT, {
      timeout: CALL_TIMEOUT_MS,
      ...(signal === undefined ? {} : { signal }),
    }) as Promise<CallResult>;
  }

  async close(): Promise<void> {
    await this.client.close();
  }
}

/** A schema that cannot be compiled checks nothing here; the policies' own schema still does. */
function validatorOf({ inputSchema }: Tool): (input: unknown) => string | undefined {
  const { $schema: dialect, ...schema } = inputSchema as Record<string, unknown>;
  // MCP's default dialect is 2020-12. Formats are annotations there, and unknown keywords are allowed.
  const isOld = typeof dialect === 'string' && /draft-0[4-7]/.test(dialect);
  const ajv = new (isOld ? Ajv : Ajv2020)({ strict: false, validateFormats: false, validateSchema: false });
  try {
    const validate = ajv.compile(schema);
    return (input) => (validate(input) ? undefined : ajv.errorsText(validate.errors, { dataVar: 'arguments' }));
  } catch {
    return () => undefined;
  }
}
