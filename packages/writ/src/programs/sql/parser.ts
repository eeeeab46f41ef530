import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { NotUnderstood } from './not-understood.js';

/**
 * PostgreSQL's own parser, as WebAssembly. The package keeps one instance for ever; a hostile text can end an instance, and here
 * another takes its place.
 */

/** The part of the Emscripten module that is used. */
interface Instance {
  readonly HEAPU8: Uint8Array;
  lengthBytesUTF8(text: string): number;
  stringToUTF8(text: string, pointer: number, size: number): void;
  UTF8ToString(pointer: number): string;
  getValue(pointer: number, type: 'i32'): number;
  _malloc(size: number): number;
  _free(pointer: number): void;
  _wasm_parse_query_raw(text: number): number;
  _wasm_free_parse_result(result: number): void;
}

type Factory = (module: object) => unknown;

/** The part of WebAssembly that is used: the types of Node 20 have none. */
interface Wasm {
  readonly Module: new (code: Uint8Array) => object;
  readonly Instance: new (module: object, imports: object) => { readonly exports: object };
}
declare const WebAssembly: Wasm;
type WasmInstance = InstanceType<Wasm['Instance']>;

/** An instance that needed more is replaced, so that one large text does not cost memory for ever. */
const MAX_MEMORY = 192 * 1024 * 1024;
/** More than the tree of any text that {@link MAX_TREE} lets through to the walk. */
const MAX_TREE = 4 * 1024 * 1024;

const require = createRequire(import.meta.url);
const silent = (): void => undefined;
let compiled: object | undefined;
let instance: Instance | undefined;

/** Loads the parser, which takes about 50 ms the first time; a text that comes before waits for it. */
export function loadSqlParser(): Instance {
  compiled ??= new WebAssembly.Module(readFileSync(require.resolve('libpg-query/wasm/libpg-query.wasm')));
  instance ??= started(compiled);
  return instance;
}

/** Starts an instance at once: the package would return a promise, and a decision waits for nothing. */
function started(module: object): Instance {
  const made = {
    print: silent,
    printErr: silent,
    instantiateWasm(imports: object, done: (instance: WasmInstance) => void) {
      const wasm = new WebAssembly.Instance(module, imports);
      done(wasm);
      return wasm.exports;
    },
  };
  (require('libpg-query/wasm/libpg-query.js') as Factory)(made);
  return made as unknown as Instance;
}

/**
 * Returns the tree of a text.
 *
 * @throws {NotUnderstood} if it is not SQL of PostgreSQL, or the parser cannot read it
 */
export function parseSql(text: string): unknown {
  const parser = loadSqlParser();
  const json = treeOf(parser, text);
  if (parser.HEAPU8.byteLength > MAX_MEMORY) instance = undefined;
  return JSON.parse(json);
}

function treeOf(parser: Instance, text: string): string {
  let tree: string | undefined;
  let error: string | undefined;
  try {
    const size = parser.lengthBytesUTF8(text) + 1;
    const given = parser._malloc(size);
    parser.stringToUTF8(text, given, size);
    const result = parser._wasm_parse_query_raw(given);
    const problem = parser.getValue(result + 8, 'i32');
    if (problem === 0) tree = parser.UTF8ToString(parser.getValue(result, 'i32'));
    else error = `${parser.UTF8ToString(parser.getValue(problem, 'i32'))}`;
    parser._free(given);
    parser._wasm_free_parse_result(result);
  } catch {
    // The stack or the memory of the instance is exhausted, and its state unknown.
    instance = undefined;
    throw new NotUnderstood('size', 'the text nests too deeply for the parser; simplify it');
  }
  if (error !== undefined)
    throw new NotUnderstood('syntax', `PostgreSQL cannot parse the text: ${error.slice(0, 200)}`);
  if (tree === undefined || tree === '')
    throw new NotUnderstood('parser', 'the parser gave no tree; simplify the text');
  if (tree.length > MAX_TREE) throw new NotUnderstood('size', 'the tree of the text is too large; split it');
  return tree;
}
