import { ToolMessage } from '@langchain/core/messages';
import { createMiddleware } from 'langchain';
import { type AnyWrit, callOfTool, guardOf, refusalText, type ToolOptions } from '../tools/tool-call.js';

/**
 * Returns a middleware that decides each call of a tool before its handler, which is the one place that cannot be skipped. The model
 * receives a refusal as the error of its call.
 *
 * @example
 * const agent = createAgent({ model, tools, middleware: [writMiddleware(writ, { subject, agent: 'support-bot' })] });
 */
export function writMiddleware(writ: AnyWrit, options: ToolOptions) {
  return createMiddleware({
    name: 'Writ',
    async wrapToolCall(request, handler) {
      const { name, args, id = '' } = request.toolCall;
      const refused = (error: unknown): ToolMessage =>
        new ToolMessage({ content: refusalText(name, error), name, tool_call_id: id, status: 'error' });
      let permit: Awaited<ReturnType<AnyWrit['begin']>>;
      try {
        permit = await writ.begin(callOfTool(options, name, args), guardOf(options));
      } catch (error) {
        return refused(error);
      }
      let answer: Awaited<ReturnType<typeof handler>>;
      try {
        const input = permit.input as typeof args;
        answer = await handler({ ...request, toolCall: { ...request.toolCall, args: input } });
      } catch (error) {
        throw await permit.failed(error);
      }
      try {
        return await handedOn(permit, answer);
      } catch (error) {
        return refused(error);
      }
    },
  });
}

type Permit = Awaited<ReturnType<AnyWrit['begin']>>;

/** Ends a permit with the answer of a tool. @throws {WithheldError} if nothing of it may be handed on */
async function handedOn<Answer>(permit: Permit, answer: Answer): Promise<Answer | ToolMessage> {
  if (!ToolMessage.isInstance(answer)) {
    // A command can change anything of the state.
    await permit.unread('completed');
    return answer;
  }
  if (answer.status === 'error') {
    const error = new Error(answer.text);
    const kept = await permit.failed(error);
    if (kept !== error) throw kept;
    return answer;
  }
  const content = await permit.completed(answer.content);
  if (content === answer.content) return answer;
  const { name, tool_call_id, status } = answer;
  // Without its artifact, on which nothing was carried out.
  return new ToolMessage({ content, tool_call_id, ...(name && { name }), ...(status && { status }) });
}
