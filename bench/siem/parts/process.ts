/** Another's program, watched: its output, and the CPU that it and its children took. Linux only (`/proc`). */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';

const EVERY_MS = 10;
/** USER_HZ, 100 on all that Node runs on. */
const TICK_MS = 10;

export interface Watched {
  readonly output: () => string;
  /** CPU up to this `Date.now()`; default: as far as was seen. */
  readonly cpuMs: (at?: number) => number;
  readonly startedAt: number;
  readonly hasEnded: () => boolean;
  /** Its exit code; null: ended by a signal. */
  readonly exited: Promise<number | null>;
  stop(): Promise<void>;
}

export function watch(command: string, args: readonly string[], options: { readonly cwd: string }): Watched {
  const startedAt = Date.now();
  const child = spawn(command, args, {
    cwd: options.cwd,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const chunks: Buffer[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
  }
  const samples: { at: number; cpuMs: number }[] = [];
  const timer = setInterval(() => {
    const cpuMs = cpuOf(child.pid);
    if (cpuMs !== null) samples.push({ at: Date.now(), cpuMs });
  }, EVERY_MS);
  const exited = once(child, 'close').then(([code]) => {
    clearInterval(timer);
    return typeof code === 'number' ? code : null;
  });
  return {
    startedAt,
    exited,
    hasEnded: () => child.exitCode !== null || child.signalCode !== null,
    output: () => Buffer.concat(chunks).toString(),
    cpuMs: (at = Number.POSITIVE_INFINITY) => samples.findLast((one) => one.at <= at)?.cpuMs ?? 0,
    stop: async () => {
      child.kill('SIGTERM');
      const force = setTimeout(() => child.kill('SIGKILL'), 3_000);
      await exited;
      clearTimeout(force);
    },
  };
}

/** User and system time, those of its ended children included; null where it is gone. */
function cpuOf(pid: number | undefined): number | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields.slice(11, 15).reduce((sum, ticks) => sum + Number(ticks) * TICK_MS, 0);
  } catch {
    return null;
  }
}
