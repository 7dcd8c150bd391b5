/** Which files are measured: those of `npm run build` as users have them, where they are of these sources. */
import { existsSync, globSync, statSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..', '..', '..');

const isBuilt = ((): boolean => {
  const built = join(root, 'dist', 'src', 'main.js');
  const sources = globSync(['src/**/*.ts', 'connectors/**/*.ts'], { cwd: root });
  const newest = Math.max(...sources.map((file) => statSync(join(root, file)).mtimeMs));
  if (existsSync(built) && statSync(built).mtimeMs >= newest) return true;
  console.log(
    'dist/ is older than the sources (npm run build): these are run, which takes more memory and time.',
  );
  return false;
})();

/** The file of a module of `src/`, by its name without an ending. */
export const fileOf = (name: string): string =>
  isBuilt ? join(root, 'dist', 'src', `${name}.js`) : join(root, 'src', `${name}.ts`);
