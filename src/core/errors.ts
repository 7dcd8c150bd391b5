/** The error classes of clause9. Each says what is wrong, where, and what to do; `cause` keeps the original. */

export interface ErrorDetail {
  /** Where it is wrong: `file:line:column`, a URL without secrets, a dataset's name. */
  readonly where?: string;
  /** What the reader can do about it, as a sentence. */
  readonly help?: string;
  readonly cause?: unknown;
}

export class Clause9Error extends Error {
  override readonly name: string = 'Clause9Error';
  readonly where: string | undefined;
  readonly help: string | undefined;
  constructor(message: string, detail: ErrorDetail = {}) {
    super(message, detail.cause === undefined ? undefined : { cause: detail.cause });
    this.where = detail.where;
    this.help = detail.help;
  }
}

export class ConfigError extends Clause9Error {
  override readonly name = 'ConfigError';
}

export class StoreError extends Clause9Error {
  override readonly name = 'StoreError';
}

/** A connector classifies, and never retries: `retryable` says whether the same call may succeed later. */
export class ConnectorError extends Clause9Error {
  override readonly name = 'ConnectorError';
  readonly retryable: boolean;
  constructor(message: string, detail: ErrorDetail & { readonly retryable: boolean }) {
    super(message, detail);
    this.retryable = detail.retryable;
  }
}
