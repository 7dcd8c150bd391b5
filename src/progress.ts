/** Progress on stderr, where a terminal watches; silence elsewhere. */
import { Presets, SingleBar } from 'cli-progress';
import type { Progress } from './app/context.ts';

const TITLES = { collect: 'reading', evaluate: 'evaluating' } as const;

export interface ProgressBar {
  readonly onProgress: Progress;
  show(title: string, done: number, total: number): void;
  stop(): void;
}

export function progressBar(): ProgressBar {
  const bar = new SingleBar(
    {
      stream: process.stderr,
      format: '{title} {bar} {value}/{total}',
      hideCursor: true,
      clearOnComplete: true,
      noTTYOutput: false,
    },
    Presets.shades_classic,
  );
  let title = '';
  const show = (next: string, done: number, total: number) => {
    if (process.stderr.isTTY !== true || total === 0) return;
    if (next !== title) {
      if (title !== '') bar.stop();
      bar.start(total, done, { title: next });
      title = next;
    } else bar.update(done, { title: next });
  };
  return {
    show,
    onProgress: ({ phase, done, total }) => show(TITLES[phase], done, total),
    stop: () => {
      if (title !== '') bar.stop();
      title = '';
    },
  };
}
