import type { Message } from './model.ts';

export type Phase = 'login' | 'create' | 'status' | 'results' | 'control' | 'info';

/** What becomes of a job. It also really loses what a real one would lose, so that to accept it gives a wrong number. */
export interface JobEffect {
  readonly at: 'job';
  readonly messages?: readonly Message[];
  readonly finalized?: boolean;
  readonly failed?: boolean;
  readonly zombie?: boolean;
  /** The last peer's events, the older half of the events, or the first index. */
  readonly loses?: 'peer' | 'older-half' | 'index';
  /** A lost peer is not named in searchProviders. */
  readonly hidesPeer?: boolean;
  /** `allow_partial_results=false` makes the job fail instead. */
  readonly partial?: boolean;
  /** The range begins this many seconds later than asked, silently. */
  readonly clampSeconds?: number;
  readonly doneProgress?: number;
  /** It stays in this state. */
  readonly stuck?: 'not-ready' | 'QUEUED' | 'RUNNING' | 'PAUSE';
  /** Only the first rows of the result are kept. */
  readonly keepsRows?: number;
}

export type Answer =
  | { readonly kind: 'reset' }
  | { readonly kind: 'slow'; readonly ms: number }
  | { readonly kind: 'silence' }
  | { readonly kind: 'raw'; readonly status: number; readonly type: string; readonly body: string }
  | { readonly kind: 'messages'; readonly status: number; readonly messages: readonly Message[] }
  | { readonly kind: 'cut'; readonly bytes: number };

/** The answer to a call is another one. `did`: what was asked for is done all the same. */
export interface AnswerEffect {
  readonly at: 'answer';
  readonly on: Phase;
  readonly did: boolean;
  readonly answer: Answer;
}

export interface SidEffect {
  readonly at: 'sid';
}

/** A page of results is not what it says. */
export interface PageEffect {
  readonly at: 'page';
  readonly page:
    | 'short'
    | 'first-again'
    | 'offset-zero'
    | 'preview'
    | 'no-fields'
    | 'nulls'
    | 'empty-texts'
    | 'odd-numbers'
    | 'single-values';
  /** Pages that start at 0 are left alone. */
  readonly laterOnly?: boolean;
  readonly messages?: readonly Message[];
}

export type Effect = JobEffect | AnswerEffect | SidEffect | PageEffect;
