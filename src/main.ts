#!/usr/bin/env -S MALLOC_ARENA_MAX=2 node
/** The entry: checks that this Node can run clause9, then hands over to the command line. */
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
if (major < 22 || (major === 22 && minor < 12)) {
  process.stderr.write(
    `clause9 needs Node 22.12 or newer; this is ${process.versions.node}.\n` +
      '  Install Node 24 (LTS), or run it by `npx clause9` in a project that has the package `node` in version 24.\n',
  );
  process.exit(2);
}
const { main } = await import('./cli.ts');
process.exitCode = await main(process.argv);

export {};
