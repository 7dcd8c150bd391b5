/** `clause9 doctor`, printed. Asks the sources, and stores nothing. */
import { diagnose, isIll } from '../app/doctor/doctor.ts';
import { doctorText } from '../app/doctor/text.ts';
import { loadSet } from '../load.ts';
import { openConnectors, systemClock } from '../wiring.ts';
import { inColor, interruptible, print } from './arguments.ts';

export interface DoctorOptions {
  readonly config: string;
  readonly source?: string;
  readonly output: string;
}

/** Returns the exit code: 1 where something is wrong. */
export async function runDoctor({ config: path, source, output }: DoctorOptions): Promise<number> {
  const { config, definitions } = await loadSet(path);
  const { connector, close } = openConnectors(config);
  const context = { config, definitions, connector, clock: systemClock };
  try {
    const chosen = source === undefined ? {} : { source };
    const diagnosis = await diagnose(context, { ...chosen, signal: interruptible() });
    print(
      output === 'json'
        ? JSON.stringify(diagnosis, null, 2)
        : doctorText(diagnosis, { color: inColor(process.stdout) }),
    );
    return isIll(diagnosis) ? 1 : 0;
  } finally {
    await close();
  }
}
