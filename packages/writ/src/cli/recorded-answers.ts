import { isObject } from '@writ/sdk/lib/is-object';
import type { RecordedAnswers } from '../bundle/draft/guess.js';
import { readTextFile } from '../lib/text-file.js';
import { ToolListError } from './errors.js';

/** The most answers of one tool that are looked at. */
const MAX_ANSWERS = 20;

/**
 * Reads recorded answers of tools: a JSON object by the name of the tool, or lines of JSON. A line is a call with its `tool` and
 * `result`, or a task with its `calls`, as `writ bundle replay` reads them.
 *
 * @param prefix of the names of the tools
 * @throws {ToolListError} if the file is neither
 */
export function recordedAnswers(file: string, prefix = ''): RecordedAnswers {
  const answers = new Map<string, unknown[]>();
  const add = (tool: unknown, result: unknown): void => {
    if (typeof tool !== 'string' || result === undefined) throw malformed(file);
    const known = answers.get(`${prefix}${tool}`) ?? [];
    if (known.length < MAX_ANSWERS) answers.set(`${prefix}${tool}`, [...known, result]);
  };
  const text = readTextFile(file);
  const whole = parsed(text);
  if (isObject(whole) && !('tool' in whole && 'result' in whole) && !Array.isArray(whole.calls)) {
    for (const [tool, result] of Object.entries(whole)) add(tool, result);
    return answers;
  }
  const lines =
    whole === undefined
      ? text
          .split('\n')
          .filter((line) => line.trim() !== '')
          .map(parsed)
      : [whole].flat();
  for (const line of lines) {
    if (!isObject(line)) throw malformed(file);
    for (const call of Array.isArray(line.calls) ? line.calls : [line]) {
      if (!isObject(call)) throw malformed(file);
      // A call that was denied has no answer.
      if (call.result !== undefined || !Array.isArray(line.calls)) add(call.tool, call.result);
    }
  }
  if (answers.size === 0) throw malformed(file);
  return answers;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

function malformed(file: string): ToolListError {
  return new ToolListError(
    `${file} has no recorded answers`,
    'it is { "<tool>": <answer> }, or lines of { "tool": "<tool>", "result": <answer> }, as JSON',
  );
}
