/** Turns whatever went wrong into what a client may see: a status and `{error, message, help?}`, never a stack. */
import { STATUS_CODES } from 'node:http';
import { hasZodFastifySchemaValidationErrors } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { Clause9Error } from '../core/errors.ts';

export const errorBody = z
  .object({
    error: z.string().describe('The status in words, e.g. `Not Found`'),
    message: z.string().describe('What is wrong'),
    help: z.string().optional().describe('What to do about it'),
  })
  .describe('An error');
export type ErrorBody = z.infer<typeof errorBody>;

/** A problem with its HTTP status; thrown by handlers. */
export class HttpError extends Clause9Error {
  override readonly name = 'HttpError';
  readonly statusCode: number;
  constructor(statusCode: number, message: string, help?: string) {
    super(message, help === undefined ? {} : { help });
    this.statusCode = statusCode;
  }
}

const body = (statusCode: number, message: string, help?: string): ErrorBody => ({
  error: STATUS_CODES[statusCode] ?? 'Error',
  message,
  ...(help === undefined ? {} : { help }),
});

const statusOf = (error: unknown): number => {
  const status =
    typeof error === 'object' && error !== null && 'statusCode' in error ? error.statusCode : undefined;
  return typeof status === 'number' && status >= 400 && status < 600 ? status : 500;
};

/** Status and body for any thrown value. Only our own errors and client faults (4xx) show their message. */
export function describeError(error: unknown): { readonly statusCode: number; readonly body: ErrorBody } {
  if (hasZodFastifySchemaValidationErrors(error)) {
    const problems = error.validation.map((issue) => `${issue.instancePath.slice(1)}: ${issue.message}`);
    return {
      statusCode: 400,
      body: body(400, problems.join('; '), 'The parameters are described at /docs.'),
    };
  }
  const statusCode = statusOf(error);
  if (error instanceof Clause9Error) return { statusCode, body: body(statusCode, error.message, error.help) };
  if (error instanceof Error && statusCode < 500)
    return { statusCode, body: body(statusCode, error.message) };
  return {
    statusCode,
    body: body(statusCode, 'clause9 could not answer this request.', 'Its log says why.'),
  };
}
