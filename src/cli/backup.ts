/** `clause9 backup`: a checked copy of the store, also while the service runs. */
import { connectorTypes } from '../../connectors/index.ts';
import { loadConfig } from '../config/load.ts';
import { loadSet } from '../load.ts';
import { backUp } from '../store/backup.ts';
import { print } from './arguments.ts';

interface BackupOptions {
  readonly config: string;
  readonly force: boolean;
}

export async function runBackup(target: string, { config: path, force }: BackupOptions): Promise<void> {
  // Definitions may be in error: the store is worth a copy all the same.
  const config = loadConfig(path, connectorTypes).config ?? (await loadSet(path)).config;
  const made = backUp(config.store.path, target, { force });
  print(`${made.path}: ${made.results} results, ${(made.bytes / 1e6).toFixed(1)} MB, checked.`);
}
